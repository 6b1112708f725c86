"""What the service and whoever plays for it say to each other: work is asked for, claimed, reported; over HTTP as in one process.

Protocol 2: opponents may be of the panel, and crashes are told with their dossiers. Protocol 3: models have fingerprints. A worker
names the range of protocols that it speaks, so that workers can be upgraded before the service; what it may say is the protocol of
its claim.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator

from play.record import PlayedGame
from services.gauntlet.worker.crash import Crash
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import LONGEST_REASON, MOST_GAMES, STORABLE, BoardType, Confinement, Digest, OpponentName

OLDEST_PROTOCOL, PROTOCOL = 1, 3
TELLS_CRASHES, TELLS_FINGERPRINTS = 2, 3
"""The first protocols with crash dossiers, and with fingerprints of models."""
WorkerName = Annotated[
    str,
    Field(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$", examples=["gpu-7:1312"],
        description="Who asks, as operators know it; no two workers have the same",
    ),
]  # fmt: skip
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class Message(BaseModel):
    """Base of all messages: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorkWish(Message):
    """A worker asks for work."""

    # protocols that nobody speaks: whoever only tries the example takes no games from workers
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"worker": "gpu-7:1312", "oldest_protocol": 9999, "newest_protocol": 9999}]}
    )

    worker: WorkerName
    oldest_protocol: int = Field(default=OLDEST_PROTOCOL, ge=1, le=10_000)
    newest_protocol: int = Field(default=PROTOCOL, ge=1, le=10_000)
    games: int = Field(default=MOST_GAMES, ge=1, le=MOST_GAMES, description="Games that it would take at most")
    wait_seconds: float = Field(
        default=0, ge=0, le=60, description="How long it waits for work when there is none, before it is told so"
    )


class ModelReference(Message):
    """A model by its digest. `name`: what messages call it; the rest is what was announced of its network."""

    digest: Digest
    name: str
    architecture: str | None = None
    parameters: Mapping[str, int] | None = None


class CountedGames(Message):
    """Games of the same schedule, before the claimed ones, that count already."""

    histogram: list[int] = Field(max_length=100, description="Entry j counts those that scored j units")
    unscored: int = Field(ge=0)


class Work(Message):
    """A claim: games of an evaluation, and all that is needed to play them. Without games, the model is only to be loaded."""

    protocol: int = OLDEST_PROTOCOL
    claim_id: UUID
    evaluation_id: UUID
    board_type: BoardType
    num_players: int
    candidate: ModelReference
    previous: ModelReference | None = None
    gates: GatePolicy
    play: PlayPolicy
    seed: int
    opponent: OpponentName | None = None
    first: int = Field(default=0, ge=0, description="The first game's place in the schedule of its opponent")
    games: int = Field(default=0, ge=0)
    counted: CountedGames | None = Field(
        default=None,
        description="Where all games before `first` are recorded; whoever knows it can stop when the gate is decided",
    )
    report_seconds: float = Field(
        gt=0, description="A claim of which nothing is heard for longer goes to another worker"
    )
    move_seconds: float = Field(gt=0, description="How long one answer of a network may take")
    game_seconds: float = Field(gt=0, description="How long it may take until the next game ends")
    most_model_bytes: int = Field(ge=1)
    traceparent: str | None = Field(default=None, exclude=True, description="Over HTTP a header of the answer")


class WorkReport(Message):
    """What came of a claim since the last report. The last one is `done`; after an answer that is not `alive` it may say what the
    claim has cost, and nothing else of it counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"cpu_seconds": 1.5}]})

    model: ModelMetadata | None = Field(
        default=None, description="What the candidate says of itself, once it is loaded"
    )
    confinement: Confinement | None = Field(default=None, description="How far this machine confines the candidate")
    games: list[PlayedGame] = Field(default=[], max_length=MOST_GAMES, description="Whole blocks that ended")
    cpu_seconds: Seconds = Field(
        default=0.0, description="What the claim has cost so far; more than was said before is added"
    )
    forward_seconds: Seconds = Field(default=0.0, description="Those of them that were spent in forward passes")
    surplus_games: int = Field(
        default=0, ge=0, le=MOST_GAMES, description="Games that were played and count for nothing"
    )
    done: bool = False
    crash: Crash | None = Field(default=None, description="Protocol 2: of a game of this claim that errored")

    @field_validator("model", mode="before")
    @classmethod
    def _is_json(cls, value: object) -> object:
        # strict models read times from JSON only
        return ModelMetadata.model_validate_json(json.dumps(value)) if isinstance(value, dict) else value


class WorkFailure(Message):
    """A claim that cannot be carried out, for a reason that is the model's or the worker's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "internal", "reason": "out of memory"}]})

    code: Literal["model_not_found", "model_invalid", "worker_lost", "too_slow", "internal"]
    reason: str = Field(max_length=LONGEST_REASON, pattern=STORABLE)
    crash: Crash | None = Field(default=None, description="Protocol 2: where in its games it was lost")


class WorkAnswer(Message):
    """To a report. `alive`: go on; otherwise the claim's games count for nothing any more, or are all there."""

    alive: bool
    report_seconds: float = Field(description="A claim of which nothing is heard for longer goes to another worker")
