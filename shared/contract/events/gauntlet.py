"""What the gauntlet says of its evaluations."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from shared.contract.events.envelope import EventData, declared_by
from shared.contract.evidence import Evidence, ModelMetadata
from shared.contract.words import Digest, FailureCode, Reason


@declared_by("gauntlet")
class EvaluationStarted(EventData):
    """The gauntlet began to play a candidate."""

    evaluation_id: UUID
    digest: Digest
    request_id: UUID | None = None


@declared_by("gauntlet")
class EvaluationCompleted(EventData):
    """All the games that the gates needed are played; the evidence is what a decision is made from."""

    evaluation_id: UUID
    digest: Digest
    size: int = Field(ge=1, description="Bytes of the model file")
    model: ModelMetadata
    evidence: Evidence
    request_id: UUID | None = None


@declared_by("gauntlet")
class EvaluationFailed(EventData):
    """The evaluation ended without evidence; `code` is stable, `reason` is for people."""

    evaluation_id: UUID
    code: FailureCode
    reason: Reason
    digest: Digest | None = None
    model_path: str | None = None
    request_id: UUID | None = None
