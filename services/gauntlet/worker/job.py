"""What the service and its worker process say to each other, as JSON lines: one task in, messages out.

The worker plays; it knows neither the database nor the bus. The service records; it never loads a network.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from play.models.model_file import ModelFile
from play.record import PlayedGame
from play.verification.findings import Verification
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import BoardType


class Message(BaseModel):
    """Base of all messages: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Job(Message):
    """Everything the worker needs to play an evaluation, or the rest of one."""

    task: Literal["play"] = "play"
    evaluation_id: UUID
    board_type: BoardType
    num_players: int
    candidate: ModelFile
    previous: CanonicalReference | None = None
    previous_file: ModelFile | None = None
    gates: GatePolicy
    play: PlayPolicy
    seed: int
    lanes: int = Field(ge=1, description="Games in flight at once")
    skip_games: bool = False
    played: list[PlayedGame] = Field(default=[], description="Games recorded by an earlier worker; never played again")


class VerificationJob(Message):
    """Everything the worker needs to check a finished evaluation. `sample`: games to play again, None for all."""

    task: Literal["verify"] = "verify"
    board_type: BoardType
    num_players: int
    candidate: ModelFile
    previous_file: ModelFile | None = None
    evidence: Evidence
    played: list[PlayedGame]
    sample: int | None = None
    seed: int


class ModelLoaded(Message):
    """The candidate loads and fits the configuration."""

    type: Literal["model"] = "model"
    model: ModelMetadata


class GamesPlayed(Message):
    """The next whole blocks of one opponent's schedule, in order."""

    type: Literal["games"] = "games"
    games: list[PlayedGame]


class JobDone(Message):
    """Every gate is decided, or one has failed for good."""

    type: Literal["done"] = "done"
    cpu_seconds: float
    network_seconds: float


class JobFailed(Message):
    """The job can never be done."""

    type: Literal["failed"] = "failed"
    code: Literal["model_not_found", "model_invalid", "internal"]
    reason: str


class Verified(Message):
    """What came of checking an evaluation."""

    type: Literal["verified"] = "verified"
    verification: Verification


Task = Job | VerificationJob
TASK: TypeAdapter[Task] = TypeAdapter(Annotated[Task, Field(discriminator="task")])
WorkerMessage = ModelLoaded | GamesPlayed | JobDone | JobFailed | Verified
WORKER_MESSAGE: TypeAdapter[WorkerMessage] = TypeAdapter(Annotated[WorkerMessage, Field(discriminator="type")])
