"""The suite's events: the CloudEvents 1.0 envelope and one strict data model for each type.

An event is validated when it is made and when it is read; no aliases, no optional identity. This module must not publish,
store or handle anything.
"""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self
from uuid import UUID, uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from shared.contract.configuration import BoardType, Configuration, ConfigurationKey, NumPlayers
from shared.contract.evidence import Evidence, ModelMetadata

SUBJECT_PREFIX = "ringrift.events"
Digest = Annotated[
    str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the model file's bytes, lower-case hex")
]
ModelPath = Annotated[
    str, Field(min_length=1, max_length=1024, description="Path of a model file, inside the models folder")
]
Text = Annotated[str, Field(max_length=2000)]


class RejectedError(Exception):
    """An event can never be handled; the text says why. It goes to the dead letters at once."""


class EventType(StrEnum):
    """Every type of event that the suite exchanges."""

    TRAINING_COMPLETED = "TRAINING_COMPLETED"
    EVALUATION_REQUESTED = "EVALUATION_REQUESTED"
    EVALUATION_STARTED = "EVALUATION_STARTED"
    EVALUATION_COMPLETED = "EVALUATION_COMPLETED"
    EVALUATION_FAILED = "EVALUATION_FAILED"
    MODEL_PROMOTED = "MODEL_PROMOTED"
    MODEL_PROMOTION_FAILED = "MODEL_PROMOTION_FAILED"
    DISTRIBUTION_STARTED = "DISTRIBUTION_STARTED"
    DISTRIBUTION_COMPLETED = "DISTRIBUTION_COMPLETED"
    DISTRIBUTION_FAILED = "DISTRIBUTION_FAILED"


class EventData(BaseModel):
    """Base of all data models: strict, closed, immutable, and always of one configuration."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    event_type: ClassVar[EventType]

    board_type: BoardType
    num_players: NumPlayers

    @property
    def configuration(self) -> Configuration:
        """The configuration that the event is about."""
        return Configuration(self.board_type, self.num_players)


class TrainingCompleted(EventData):
    """A trainer finished a model; comes from outside the suite. Either `model_path` or `digest` says which."""

    event_type = EventType.TRAINING_COMPLETED
    model_path: ModelPath | None = None
    digest: Digest | None = None
    model_version: Text | None = None
    trained_at: AwareDatetime | None = None
    epochs_completed: int | None = Field(default=None, ge=0)
    training_samples: int | None = Field(default=None, ge=0)
    training_games: int | None = Field(default=None, ge=0)
    final_val_loss: float | None = Field(default=None, allow_inf_nan=False)
    duration_seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    trained_by: Text | None = None
    run_id: Text | None = None

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model_path is None and self.digest is None:
            raise ValueError("give model_path (inside the models folder) or digest (of a file already taken in)")
        return self


class EvaluationRequested(EventData):
    """The promotion service asks for an evaluation: an operator's request, or a candidate whose evidence went stale."""

    event_type = EventType.EVALUATION_REQUESTED
    request_id: UUID
    reason: Literal["manual", "forced", "stale"]
    model_path: ModelPath | None = None
    digest: Digest | None = None
    games: int | None = Field(
        default=None, ge=1, le=10_000, description="Games per opponent; the gauntlet's default if absent"
    )


class EvaluationStarted(EventData):
    """The gauntlet began to play a candidate."""

    event_type = EventType.EVALUATION_STARTED
    evaluation_id: UUID
    digest: Digest
    request_id: UUID | None = None


class EvaluationCompleted(EventData):
    """All the games that the gates needed are played; the evidence is what a decision is made from."""

    event_type = EventType.EVALUATION_COMPLETED
    evaluation_id: UUID
    digest: Digest
    size: int = Field(ge=1, description="Bytes of the model file")
    model: ModelMetadata
    evidence: Evidence
    request_id: UUID | None = None


class EvaluationFailed(EventData):
    """The evaluation ended without evidence; `code` is stable, `reason` is for people."""

    event_type = EventType.EVALUATION_FAILED
    evaluation_id: UUID
    code: Literal[
        "model_not_found", "path_refused", "digest_mismatch", "model_invalid", "worker_lost", "cancelled", "internal"
    ]
    reason: Text
    digest: Digest | None = None
    model_path: str | None = None
    request_id: UUID | None = None


class ModelPromoted(EventData):
    """The canonical pointer of a configuration moved to `version`."""

    event_type = EventType.MODEL_PROMOTED
    version: int = Field(ge=1)
    digest: Digest
    size: int = Field(ge=1)
    previous_version: int | None = Field(default=None, ge=1)
    previous_digest: Digest | None = None
    decision_id: UUID
    kind: Literal["automatic", "manual", "forced", "rollback"]


class ModelPromotionFailed(EventData):
    """A candidate was judged and not promoted, with the reasons in words."""

    event_type = EventType.MODEL_PROMOTION_FAILED
    digest: Digest
    decision_id: UUID
    evaluation_id: UUID | None = None
    request_id: UUID | None = None
    verdict: Literal["passed", "failed", "inconclusive", "stale", "invalid"]
    reasons: list[Text]


class DistributionStarted(EventData):
    """Deliveries of a canonical version to every known node were opened."""

    event_type = EventType.DISTRIBUTION_STARTED
    version: int = Field(ge=1)
    digest: Digest
    nodes: list[str]


class DistributionCompleted(EventData):
    """Every known node reported the digest of the canonical version on its own disk."""

    event_type = EventType.DISTRIBUTION_COMPLETED
    version: int = Field(ge=1)
    digest: Digest
    nodes: list[str]
    seconds: float = Field(ge=0)


class DistributionFailed(EventData):
    """The distribution's time ran out; `missing` names each node that lacks the version, and why. Delivery goes on."""

    event_type = EventType.DISTRIBUTION_FAILED
    version: int = Field(ge=1)
    digest: Digest
    delivered: list[str]
    missing: dict[str, str]


DATA_MODELS: dict[EventType, type[EventData]] = {
    model.event_type: model
    for model in (
        TrainingCompleted,
        EvaluationRequested,
        EvaluationStarted,
        EvaluationCompleted,
        EvaluationFailed,
        ModelPromoted,
        ModelPromotionFailed,
        DistributionStarted,
        DistributionCompleted,
        DistributionFailed,
    )
}


def new_traceparent(cause: str | None = None) -> str:
    """A W3C traceparent: a new span, in the trace of `cause` where there is one."""
    trace = cause.split("-")[1] if cause else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


class Event(BaseModel):
    """CloudEvents 1.0 in structured JSON. `id` is also the Nats-Msg-Id; `subject` is the configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(min_length=1, max_length=200, examples=["/services/gauntlet"])
    type: EventType
    subject: ConfigurationKey
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    traceparent: str = Field(
        pattern=r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", default_factory=new_traceparent
    )
    data: SerializeAsAny[EventData]

    @model_validator(mode="before")
    @classmethod
    def _read_data_by_type(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("data"), dict) and value.get("type") in DATA_MODELS:
            model = DATA_MODELS[EventType(value["type"])]
            # strict JSON semantics: UUIDs and times arrive as text, numbers must be numbers
            data = model.model_validate_json(json.dumps(value["data"]))
            return {"dataschema": schema_name(data.event_type), **value, "data": data}
        return value

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.data.event_type is not self.type:
            raise ValueError(f"type {self.type} carries data of {self.data.event_type}")
        if str(self.data.configuration) != self.subject:
            raise ValueError(
                f"subject {self.subject!r} is not the configuration of the data, {self.data.configuration}"
            )
        return self

    @classmethod
    def of(cls, data: EventData, *, source: str, cause: Event | None = None) -> Event:
        """Wrap `data` in a new envelope; `cause` is the event that led to it, whose trace it continues."""
        return cls(
            id=uuid4(),
            source=source,
            type=data.event_type,
            subject=str(data.configuration),
            time=datetime.now(UTC),
            dataschema=schema_name(data.event_type),
            traceparent=new_traceparent(cause.traceparent if cause else None),
            data=data,
        )

    @property
    def nats_subject(self) -> str:
        """Where the event is published, for example `ringrift.events.MODEL_PROMOTED.hex8_2p`."""
        return f"{SUBJECT_PREFIX}.{self.type}.{self.subject}"


def schema_name(event_type: EventType) -> str:
    """The dataschema of a type: a stable name, not an address to fetch."""
    return f"urn:ringrift:event:{event_type}:v1"
