"""What the gauntlet says of its evaluations."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contract.events.acts import Acted
from shared.contract.events.envelope import UNKNOWN_SUBJECT, ConfigurationData, EventData, declared_by
from shared.contract.evidence import Evidence, ModelMetadata, OpponentEvidence
from shared.contract.words import STORABLE, ConfigurationKey, Digest, FailureCode, GateVerdict, ModelPath, Reason

Attribute = Annotated[str, Field(max_length=1024, pattern=STORABLE)]
"""Of a trainer's event, as it came."""


@declared_by("gauntlet")
class EvaluationStarted(ConfigurationData):
    """The gauntlet began to play a candidate."""

    evaluation_id: UUID
    digest: Digest
    request_id: UUID | None = None


@declared_by("gauntlet")
class EvaluationProgress(ConfigurationData):
    """A gate is decided, and the next opponent is met. The last gate is in EVALUATION_COMPLETED."""

    evaluation_id: UUID
    digest: Digest
    verdict: GateVerdict
    against: OpponentEvidence
    request_id: UUID | None = None


@declared_by("gauntlet")
class EvaluationCompleted(ConfigurationData):
    """All the games that the gates needed are played; the evidence is what a decision is made from."""

    evaluation_id: UUID
    digest: Digest
    size: int = Field(ge=1, description="Bytes of the model file")
    model: ModelMetadata
    evidence: Evidence
    request_id: UUID | None = None


@declared_by("gauntlet")
class EvaluationFailed(ConfigurationData):
    """The evaluation ended without evidence; `code` is stable, `reason` is for people."""

    evaluation_id: UUID
    code: FailureCode
    reason: Reason
    digest: Digest | None = None
    model_path: ModelPath | None = None
    request_id: UUID | None = None

    @property
    def summary(self) -> str:
        """Why there is none."""
        return f"{self.code}: {self.reason}"


@declared_by("gauntlet")
class TrainingRejected(EventData):
    """A trainer's announcement could not be taken; nothing is evaluated. The sender finds it by `source` and `event_id`."""

    training_id: UUID
    source: Attribute
    event_id: Attribute
    configuration: ConfigurationKey | None = Field(default=None, description="Null where it could not be read")
    reason: Reason

    @property
    def subject(self) -> str:
        """The configuration, if it could be read."""
        return self.configuration or UNKNOWN_SUBJECT

    @property
    def summary(self) -> str:
        """Why it was rejected."""
        return self.reason


@declared_by("gauntlet")
class GauntletActed(Acted):
    """A person did something at the gauntlet; the audit has it."""

    action: Literal["cancel"]
