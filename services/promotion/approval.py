"""Approval: a candidate that passed and waits for a person, its states and who may move them. Pure.

    awaiting ── a person ──▶ approved, rejected
       ├──── its evidence went stale before it was approved ──▶ superseded
       └──── nobody said a word before its deadline ──▶ expired

From its deadline on nobody can move it; the service sees to its end within seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.promotion.errors import NotAwaitingError
from shared.contract.words import ApprovalState


@dataclass(frozen=True)
class Approval:
    """One candidate, by the decision that it passed with. `seen_at`: the database's time when it was read."""

    decision_id: UUID
    configuration: str
    digest: str
    state: ApprovalState
    asked_at: datetime
    deadline: datetime
    closed_at: datetime | None
    closed_by: str | None
    reason: str | None
    seen_at: datetime

    @property
    def is_expired(self) -> bool:
        """Whether its deadline passed without anybody's word."""
        return self.state is ApprovalState.EXPIRED or self.is_overdue

    @property
    def is_overdue(self) -> bool:
        """Whether it is to be ended because its deadline passed."""
        return self.state is ApprovalState.AWAITING and self.seen_at >= self.deadline

    def ended(self, state: ApprovalState, by: str, reason: str) -> ApprovalEnd:
        """An end. NotAwaitingError if it has one, or is too late for one."""
        if self.is_expired:
            raise NotAwaitingError(
                f"decision {self.decision_id} {self.waited} and expired; ask for the model again with POST /admin/promote"
            )
        if self.state is not ApprovalState.AWAITING:
            raise NotAwaitingError(
                f"decision {self.decision_id} is {self.state} already, by {self.closed_by}: {self.reason}"
            )
        return ApprovalEnd(self.decision_id, state, by, reason)

    @property
    def waited(self) -> str:
        """For how long it waited, in words."""
        return f"waited until {self.deadline:%Y-%m-%d %H:%M:%S} for a word"

    def expired(self, by: str) -> ApprovalEnd:
        """Its end when nobody said a word in time."""
        return ApprovalEnd(self.decision_id, ApprovalState.EXPIRED, by, f"it {self.waited}, and nobody said one")


@dataclass(frozen=True)
class ApprovalEnd:
    """How an approval ends."""

    decision_id: UUID
    state: ApprovalState
    closed_by: str
    reason: str
