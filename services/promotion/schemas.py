"""Requests and responses of the promotion service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.promotion.repository import CanonicalVersion
from shared.contract.configuration import BoardType, ConfigurationKey, NumPlayers


class RequestModel(BaseModel):
    """Base of request bodies: what is misspelt or of another type is refused, never ignored or guessed."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PromoteRequest(RequestModel):
    """Ask for a model to be evaluated and, if it passes, promoted."""

    model_path: str = Field(min_length=1, max_length=1024, examples=["models/my_model.pth"])
    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    gauntlet_games: int | None = Field(default=None, ge=1, le=10_000, description="Games per opponent")
    force: bool = Field(default=False, description="Skip the games; the model is still loaded and must fit")
    dry_run: bool = Field(default=False, description="Evaluate and decide, but do not promote")


class DistributeRequest(RequestModel):
    """Ask for a canonical model to be delivered again, or, with `force`, for an earlier one to be canonical again."""

    model_path: str = Field(min_length=1, max_length=1024, examples=["models/canonical_hex8_2p.pth"])
    force: bool = False


class RollbackRequest(RequestModel):
    """Make an earlier version's bytes canonical again, as a new and higher version."""

    to_version: int = Field(ge=1)
    reason: str = Field(min_length=1, max_length=1000, examples=["loses to version 6 as second player"])


class PromotionRequest(BaseModel):
    """A request and what became of it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    model_path: str
    games: int | None
    kind: Literal["manual", "forced"]
    dry_run: bool
    state: Literal["open", "promoted", "refused", "failed"]
    reason: str | None
    decision_id: UUID | None
    requested_at: datetime
    closed_at: datetime | None


class Canonical(BaseModel):
    """One canonical version."""

    model_config = ConfigDict(from_attributes=True)

    configuration: ConfigurationKey
    version: int
    digest: str
    size: int
    kind: Literal["automatic", "manual", "forced", "rollback"]
    promoted_at: datetime
    reason: str
    decision_id: UUID

    @classmethod
    def of(cls, version: CanonicalVersion) -> Self:
        """From a row of the ledger."""
        return cls.model_validate(version)

    @model_validator(mode="before")
    @classmethod
    def _from_tuple(cls, value: Any) -> Any:
        return value._asdict() if isinstance(value, CanonicalVersion) else value


class Versions(BaseModel):
    """A configuration's history, newest first."""

    items: list[Canonical]


class DecisionView(BaseModel):
    """A decision, with the policy it was made under."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    evaluation_id: UUID | None
    digest: str
    verdict: Literal["passed", "failed", "inconclusive", "stale", "invalid"]
    reasons: list[str]
    policy: dict[str, Any]
    may_skip: bool = Field(description="Whether a model that merely loads could pass")
    canonical_version: int | None = Field(description="The canonical version at that moment")
    decided_at: datetime


class DecisionDetail(DecisionView):
    """A decision with the evidence that it can be recomputed from."""

    evidence: dict[str, Any] | None


class Decisions(BaseModel):
    """Decisions, newest first."""

    items: list[DecisionView]


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
    id: UUID
    source: str


class Status(BaseModel):
    """The state of the whole suite at a glance, for operators."""

    promotion_status: PromotionStatus
    model_distribution: dict[str, Any]
    recent_events: list[RecentEvent]
    daemons: dict[str, Any]
    alive_peers: list[str]
