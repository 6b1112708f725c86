"""What the promotion service asks for, and what it says of its decisions."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.events.envelope import ConfigurationData, EventData, declared_by
from shared.contract.policy import GatePolicy
from shared.contract.words import (
    ConfigurationKey,
    Digest,
    Disposition,
    DispositionCode,
    Epoch,
    Games,
    ModelPath,
    PersonsReason,
    PromotionKind,
    Reason,
    Verdict,
    Version,
)

MOST_RESTORED = 1000
"""Heads in one LEDGER_RESTORED, so that NATS takes it as a message; a larger ledger says several."""


@declared_by("promotion")
class EvaluationRequested(ConfigurationData):
    """The promotion service asks for an evaluation: an operator's request, a candidate whose evidence went stale, or games that
    somebody wants to see though nothing is to be promoted."""

    request_id: UUID
    reason: Literal["manual", "forced", "stale", "review"]
    model_path: ModelPath | None = None
    digest: Digest | None = None
    games: Games | None = None
    policy: GatePolicy | None = Field(
        default=None, description="The gate policy to play under; null in events from before it travelled along"
    )


@declared_by("promotion")
class ModelPromoted(ConfigurationData):
    """The canonical pointer of a configuration moved to `version`."""

    epoch: Epoch = 0
    version: int = Field(ge=1)
    digest: Digest
    size: int = Field(ge=1)
    previous_version: int | None = Field(default=None, ge=1)
    previous_digest: Digest | None = None
    decision_id: UUID
    kind: PromotionKind
    code: DispositionCode | None = Field(default=None, description="Why, for programs; null in old events")
    audit_sequence: int | None = Field(default=None, ge=1, description="The row of the audit that says so")
    audit_hash: Digest | None = Field(
        default=None, description="Its hash: whoever keeps it notices if that row is changed"
    )


class RestoredHead(BaseModel):
    """What is canonical in a restored ledger."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    configuration: ConfigurationKey
    version: Version
    digest: Digest
    size: int = Field(ge=1)


@declared_by("promotion")
class LedgerRestored(EventData):
    """The ledger was restored from a backup, and begins a new epoch: whoever has heard of other versions goes by these. Of a
    configuration that no event of this epoch names, nothing is canonical."""

    epoch: Epoch
    heads: list[RestoredHead] = Field(max_length=MOST_RESTORED)
    reason: PersonsReason

    @property
    def summary(self) -> str:
        """Why."""
        return self.reason


class NotPromoted(ConfigurationData):
    """What is said of a candidate that was judged and not promoted, with the reasons in words."""

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


@declared_by("promotion")
class ModelPromotionFailed(NotPromoted):
    """A candidate was judged and refused: it fails a gate, or may not become canonical."""


@declared_by("promotion")
class ModelPromotionWithheld(NotPromoted):
    """A candidate was judged and not refused, and is not promoted all the same: another evaluation or a person decides, or it was
    not to be promoted from the start. `reasons` say first why."""


@declared_by("promotion")
class CurriculumUpdated(ConfigurationData):
    """A configuration has another weight in the curriculum, because of what became of a candidate. The others' weights move with
    it: `GET /v1/curriculum` has all of them."""

    weight: float = Field(ge=0, allow_inf_nan=False, description="The mean of all is 1")
    share: float = Field(ge=0, le=1, description="The same as a part of 1")
    struggle: float = Field(ge=0, le=1, description="The share of failures among the newest candidates")
    staleness: float = Field(ge=0, le=1, description="How long it was not promoted: 0.5 after a day")
    configurations: int = Field(ge=1, description="Of which something is known")
    code: DispositionCode = Field(description="What became of the candidate, for programs")
    decision_id: UUID
