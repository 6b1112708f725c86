"""PromotionRequest: what an operator asked for, its states and who may move them. Pure.

    open ── the judgement of its evaluation ──▶ promoted, refused
      └──── the end of its evaluation without evidence ──▶ failed

An end is final: whatever is judged afterwards for a request that has ended changes nothing canonical.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.contract.words import RequestState

RequestKind = Literal["manual", "forced"]


@dataclass(frozen=True)
class PromotionRequest:
    """One request. `code` and `reason`: why it ended as it did, for programs and for people."""

    id: UUID
    configuration: str
    model_path: str
    games: int | None
    kind: RequestKind
    dry_run: bool
    state: RequestState
    code: str | None
    reason: str | None
    decision_id: UUID | None
    requested_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its end."""
        return self.state is RequestState.OPEN

    @property
    def is_forced(self) -> bool:
        """Whether the games are skipped."""
        return self.kind == "forced"

    def asks_for(self, other: RequestedPromotion) -> bool:
        """Whether this request asked for the same."""
        own = (self.configuration, self.model_path, self.games, self.kind, self.dry_run)
        return own == (other.configuration, other.model_path, other.games, other.kind, other.dry_run)


@dataclass(frozen=True)
class RequestedPromotion:
    """A request to be recorded."""

    id: UUID
    configuration: str
    model_path: str
    games: int | None
    kind: RequestKind
    dry_run: bool
    idempotency_key: str | None


@dataclass(frozen=True)
class Closing:
    """How an open request ends."""

    state: RequestState
    code: str
    reason: str
    decision_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.state is RequestState.OPEN:
            raise ValueError("a request does not end by staying open")
