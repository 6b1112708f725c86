"""Answers about the ledger: requests, canonical versions, decisions, policies."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.promotion_request import EndCode, RequestKind
from services.promotion.repository import DecisionRow
from services.promotion.versions import CanonicalVersion
from shared.contract.evidence import Evidence
from shared.contract.policy import GatePolicy, PolicyId
from shared.contract.words import (
    ConfigurationKey,
    Digest,
    Disposition,
    DispositionCode,
    Epoch,
    Games,
    ModelPath,
    PromotionKind,
    RequestState,
    Verdict,
    Version,
)


class PromotionRequest(BaseModel):
    """A request and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    model_path: ModelPath
    games: Games | None
    kind: RequestKind
    dry_run: bool
    asked_by: str = Field(description="The person's key", examples=["alice"])
    why: str | None = Field(description="The operator's own reason")
    seen_version: int | None = Field(description="Where the operator saw the pointer (If-Match), 0 for no version yet")
    state: RequestState
    code: EndCode | None = Field(description="Why it ended so, for programs: a disposition's code, or a failure's")
    reason: str | None
    decision_id: UUID | None
    requested_at: datetime
    closed_at: datetime | None


class Canonical(BaseModel):
    """One canonical version."""

    configuration: ConfigurationKey
    version: Version
    digest: Digest
    size: int = Field(description="Bytes of the model file", examples=[25_612])
    kind: PromotionKind
    promoted_at: datetime
    promoted_by: str = Field(description="The person's key, or the service")
    reason: str
    decision_id: UUID

    @classmethod
    def of(cls, version: CanonicalVersion) -> Self:
        """From a row of the ledger."""
        return cls.model_validate(version._asdict())


class Versions(BaseModel):
    """A configuration's canonical versions, newest first; pass `next` as `before` to go on."""

    items: list[Canonical]
    next: Version | None = Field(description="Null at the end")


class Heads(BaseModel):
    """The canonical version of every configuration, by their names; pass `next` as `after` to go on."""

    epoch: Epoch
    items: list[Canonical]
    next: ConfigurationKey | None = Field(description="Null at the end")


class DecisionView(BaseModel):
    """A decision, with the policy it was made under."""

    id: UUID
    configuration: ConfigurationKey
    evaluation_id: UUID | None
    digest: Digest
    verdict: Verdict = Field(description="What the games say")
    disposition: Disposition = Field(description="What became of the candidate")
    code: DispositionCode = Field(description="Why, for programs")
    why: str | None = Field(
        description="Why the disposition is what it is, where what the games say is not the whole reason"
    )
    reasons: list[str] = Field(description="What the games say")
    policy_id: PolicyId | None = Field(
        description="Name of the policy; null in decisions from before policies had names"
    )
    policy: GatePolicy
    may_skip: bool = Field(description="Whether a model that merely loads could pass")
    canonical_version: int | None = Field(description="The canonical version at that moment")
    approves: UUID | None = Field(description="The decision on the same evidence that a person approved by this one")
    decided_at: datetime

    @classmethod
    def of(cls, row: DecisionRow) -> Self:
        """From a row of the ledger."""
        return cls.model_validate(row._asdict())


class DecisionDetail(DecisionView):
    """A decision with the evidence that it can be recomputed from."""

    evidence: Evidence | None = Field(description="Null for what was decided without games, such as a rollback")


class Decisions(BaseModel):
    """Decisions, newest first; pass `next` as `before` to go on."""

    items: list[DecisionView]
    next: UUID | None = Field(description="Null at the end")


class Distributed(BaseModel):
    """What was set going. `changed`: whether the canonical version is another one now."""

    detail: str = Field(examples=["unchanged: version 7 already has these bytes; delivery to every node was asked for"])
    changed: bool
    configuration: ConfigurationKey
    version: Version
