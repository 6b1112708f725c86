"""Requests and responses of the promotion service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.promotion.promotion_request import EndCode, RequestKind
from services.promotion.repository import DecisionRow
from services.promotion.versions import CanonicalVersion
from shared.contract.policy import GatePolicy, PolicyId
from shared.contract.words import (
    STORABLE,
    BoardType,
    ConfigurationKey,
    Digest,
    Disposition,
    DispositionCode,
    Games,
    ModelPath,
    NumPlayers,
    PromotionKind,
    RequestState,
    Verdict,
    Version,
)


class RequestModel(BaseModel):
    """Base of request bodies: what is misspelt or of another type is refused, never ignored or guessed."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PromoteRequest(RequestModel):
    """Ask for a model to be evaluated and, if it passes, promoted."""

    model_path: ModelPath = Field(examples=["models/my_model.pth"])
    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    gauntlet_games: Games | None = None
    force: bool = Field(default=False, description="Skip the games; the model is still loaded and must fit")
    dry_run: bool = Field(default=False, description="Evaluate and decide, but do not promote")


class DistributeRequest(RequestModel):
    """Ask for a canonical model to be delivered again, or, with `force`, for an earlier one to be canonical again."""

    model_path: ModelPath = Field(examples=["models/canonical_hex8_2p.pth"])
    force: bool = False


class RollbackRequest(RequestModel):
    """Make an earlier version's bytes canonical again, as a new and higher version."""

    to_version: Version
    reason: str = Field(
        min_length=1, max_length=1000, pattern=STORABLE, examples=["loses to version 6 as second player"]
    )


class PromotionRequest(BaseModel):
    """A request and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    model_path: str
    games: int | None
    kind: RequestKind
    dry_run: bool
    state: RequestState
    code: EndCode | None = Field(description="Why it ended so, for programs: a disposition's code, or a failure's")
    reason: str | None
    decision_id: UUID | None
    requested_at: datetime
    closed_at: datetime | None


class Canonical(BaseModel):
    """One canonical version."""

    configuration: ConfigurationKey
    version: int
    digest: Digest
    size: int
    kind: PromotionKind
    promoted_at: datetime
    reason: str
    decision_id: UUID

    @classmethod
    def of(cls, version: CanonicalVersion) -> Self:
        """From a row of the ledger."""
        return cls.model_validate(version._asdict())


class Versions(BaseModel):
    """Canonical versions: a configuration's history, newest first, or that of every configuration now."""

    items: list[Canonical]


class DecisionView(BaseModel):
    """A decision, with the policy it was made under."""

    id: UUID
    configuration: ConfigurationKey
    evaluation_id: UUID | None
    digest: Digest
    verdict: Verdict = Field(description="What the games say")
    disposition: Disposition = Field(description="What became of the candidate")
    code: DispositionCode = Field(description="Why, for programs")
    reasons: list[str]
    policy_id: PolicyId | None = Field(
        description="Name of the policy; null in decisions from before policies had names"
    )
    policy: dict[str, Any]
    may_skip: bool = Field(description="Whether a model that merely loads could pass")
    canonical_version: int | None = Field(description="The canonical version at that moment")
    decided_at: datetime

    @classmethod
    def of(cls, row: DecisionRow) -> Self:
        """From a row of the ledger."""
        return cls.model_validate(row._asdict())


class DecisionDetail(DecisionView):
    """A decision with the evidence that it can be recomputed from."""

    evidence: dict[str, Any] | None


class Decisions(BaseModel):
    """Decisions, newest first."""

    items: list[DecisionView]


class PolicyView(BaseModel):
    """A gate policy, by name and in full."""

    id: PolicyId
    configuration: ConfigurationKey
    gates: GatePolicy


class Policies(BaseModel):
    """The gate policy of every configuration."""

    items: list[PolicyView]


class Accepted(BaseModel):
    """What was set going."""

    detail: str
    configuration: ConfigurationKey
    version: int


class PromotionStatus(BaseModel):
    """What is canonical, what was decided last, what is waiting."""

    configurations: dict[str, Canonical]
    last_decision: DecisionView | None
    open_requests: list[PromotionRequest]


class RecentEvent(BaseModel):
    """One event that this service emitted or handled."""

    type: str
    configuration: str
    time: datetime
    id: str
    source: str
    detail: str | None = Field(description="What it says in a line, such as why something failed")


class Status(BaseModel):
    """The state of the whole suite at a glance, for operators."""

    promotion_status: PromotionStatus
    model_distribution: dict[str, Any]
    recent_events: list[RecentEvent]
    daemons: dict[str, Any]
    ledger: dict[str, Any] | None = Field(
        description="Whether the nodes are given what the ledger names, by the distribution service; null if it does not say"
    )
    alive_peers: list[str]
