"""What a worker process is told and what it says, as JSON lines: tasks in, messages out, one task after the other.

The process plays; it knows neither the database nor the bus nor the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from play.models.model_file import ModelFile
from play.record import PlayedGame
from play.verification.findings import Verification
from services.gauntlet.worker.crash import Crash
from services.gauntlet.worker.work import Message, Work
from shared.contract.evidence import Evidence, ModelMetadata
from shared.contract.replay import GameReplay
from shared.contract.words import BoardType, Confinement, OpponentName, RulesProfile


class Job(Message):
    """A claim to carry out, and where its models lie."""

    task: Literal["play"] = "play"
    work: Work
    candidate: ModelFile
    previous: ModelFile | None = None
    lanes: int = Field(ge=1, description="Games in flight at once")


class VerificationJob(Message):
    """Everything the worker needs to check a finished evaluation. `sample`: games to play again, None for all."""

    task: Literal["verify"] = "verify"
    board_type: BoardType
    num_players: int
    candidate: ModelFile
    canonical: Mapping[OpponentName, ModelFile] = {}
    evidence: Evidence
    played: list[PlayedGame]
    sample: int | None = None
    seed: int


class ReplayJob(Message):
    """A recorded game to be told move by move. It needs no model."""

    task: Literal["replay"] = "replay"
    board_type: BoardType
    num_players: int
    profile: RulesProfile
    played: PlayedGame


class Stop(Message):
    """The games of a claim are not wanted any more; its job ends as soon as it can, and says so."""

    task: Literal["stop"] = "stop"
    claim_id: UUID


class ModelLoaded(Message):
    """The candidate loads and fits the configuration."""

    type: Literal["model"] = "model"
    model: ModelMetadata
    confinement: Confinement


class GamesPlayed(Message):
    """Whole blocks that ended, in no promised order."""

    type: Literal["games"] = "games"
    games: list[PlayedGame]
    cpu_seconds: float = Field(default=0.0, description="What the job has cost so far")
    forward_seconds: float = 0.0


class Crashed(Message):
    """A game errored, or a model was lost in the middle of the games; what becomes of the job is said beside it."""

    type: Literal["crash"] = "crash"
    crash: Crash


class JobDone(Message):
    """Every game of the job has ended, or need not be played any more."""

    type: Literal["done"] = "done"
    cpu_seconds: float
    forward_seconds: float
    surplus_games: int = Field(description="Games that were begun, or ended, and count for nothing")
    peak_bytes: int = Field(description="The most memory that the process has held so far")
    halved_to: int | None = Field(
        default=None,
        description="Memory was short in this job, and networks are asked about so many positions at once since",
    )


class JobFailed(Message):
    """The job can never be done."""

    type: Literal["failed"] = "failed"
    code: Literal["model_not_found", "model_invalid", "worker_lost", "too_slow", "internal"]
    reason: str


class Verified(Message):
    """What came of checking an evaluation."""

    type: Literal["verified"] = "verified"
    verification: Verification


class Replayed(Message):
    """A recorded game, told."""

    type: Literal["replayed"] = "replayed"
    replay: GameReplay


Task = Job | VerificationJob | ReplayJob
LINE: TypeAdapter[Task | Stop] = TypeAdapter(Annotated[Task | Stop, Field(discriminator="task")])
WorkerMessage = ModelLoaded | GamesPlayed | Crashed | JobDone | JobFailed | Verified | Replayed
LAST = (JobDone, JobFailed, Verified, Replayed)
"""With one of these a task has ended."""
WORKER_MESSAGE: TypeAdapter[WorkerMessage] = TypeAdapter(Annotated[WorkerMessage, Field(discriminator="type")])
