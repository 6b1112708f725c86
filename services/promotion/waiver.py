"""Waiver: a version that was forced without games owes them. Its states and who may move them. Pure.

    open ── the evaluation afterwards ──▶ confirmed, failed
      ├──── that evaluation ends without evidence ──▶ unevaluated
      └──── another version is canonical by then ──▶ superseded

Whatever it finds is said, and moves nothing: going back is a person's decision. One that is open after its time is expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.promotion.controller import Decision
from shared.contract.words import WaiverState


@dataclass(frozen=True)
class GrantedWaiver:
    """A waiver to be granted."""

    id: UUID
    configuration: str
    version: int
    digest: str
    reason: str
    granted_by: str


@dataclass(frozen=True)
class Waiver(GrantedWaiver):
    """One waiver. `finding`: what its evaluation said; `seen_at`: the database's time when it was read."""

    granted_at: datetime
    expires_at: datetime
    state: WaiverState
    finding: str | None
    decision_id: UUID | None
    closed_at: datetime | None
    seen_at: datetime

    @property
    def is_expired(self) -> bool:
        """Whether its evaluation is overdue."""
        return self.state is WaiverState.OPEN and self.seen_at >= self.expires_at

    def reviewed(self, decision: Decision, canonical: int | None) -> WaiverState:
        """What an evaluation makes of it; `open` where that is to be repeated. `canonical`: the version of this moment."""
        if canonical != self.version:
            return WaiverState.SUPERSEDED
        if decision.verdict == "stale":
            return WaiverState.OPEN
        return WaiverState.CONFIRMED if decision.verdict == "passed" else WaiverState.FAILED
