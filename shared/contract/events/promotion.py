"""What the promotion service asks for, and what it says of its decisions."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from shared.contract.events.envelope import ConfigurationData, declared_by
from shared.contract.policy import GatePolicy
from shared.contract.words import Digest, Disposition, DispositionCode, Games, ModelPath, PromotionKind, Reason, Verdict


@declared_by("promotion")
class EvaluationRequested(ConfigurationData):
    """The promotion service asks for an evaluation: an operator's request, or a candidate whose evidence went stale."""

    request_id: UUID
    reason: Literal["manual", "forced", "stale"]
    model_path: ModelPath | None = None
    digest: Digest | None = None
    games: Games | None = None
    policy: GatePolicy | None = Field(
        default=None, description="The gate policy to play under; null in events from before it travelled along"
    )


@declared_by("promotion")
class ModelPromoted(ConfigurationData):
    """The canonical pointer of a configuration moved to `version`."""

    version: int = Field(ge=1)
    digest: Digest
    size: int = Field(ge=1)
    previous_version: int | None = Field(default=None, ge=1)
    previous_digest: Digest | None = None
    decision_id: UUID
    kind: PromotionKind
    code: DispositionCode | None = Field(default=None, description="Why, for programs; null in old events")


@declared_by("promotion")
class ModelPromotionFailed(ConfigurationData):
    """A candidate was judged and not promoted, with the reasons in words."""

    digest: Digest
    decision_id: UUID
    evaluation_id: UUID | None = None
    request_id: UUID | None = None
    verdict: Verdict
    disposition: Disposition | None = Field(
        default=None, description="What became of the candidate; null in old events"
    )
    code: DispositionCode | None = Field(default=None, description="Why, for programs")
    reasons: list[Reason] = Field(max_length=100)

    @property
    def summary(self) -> str:
        """The verdict and its reasons."""
        return f"{self.verdict}: {'; '.join(self.reasons)}"
