"""Approval: a candidate that passed and waits for a person, its states and who may move them. Pure.

    awaiting ── a person ──▶ approved, rejected
       └──── its evidence went stale before it was approved ──▶ superseded

After its deadline it still shows as awaiting and `is_expired`, and nobody can move it any more.
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
        return self.state is ApprovalState.AWAITING and self.seen_at >= self.deadline

    def ended(self, state: ApprovalState, by: str, reason: str) -> ApprovalEnd:
        """An end. NotAwaitingError if it has one, or is too late for one."""
        if self.state is not ApprovalState.AWAITING:
            raise NotAwaitingError(
                f"decision {self.decision_id} is {self.state} already, by {self.closed_by}: {self.reason}"
            )
        if self.is_expired:
            raise NotAwaitingError(
                f"decision {self.decision_id} waited until {self.deadline:%Y-%m-%d %H:%M:%S} for a word and expired; "
                "ask for the model again with POST /admin/promote"
            )
        return ApprovalEnd(self.decision_id, state, by, reason)


@dataclass(frozen=True)
class ApprovalEnd:
    """How an approval ends."""

    decision_id: UUID
    state: ApprovalState
    closed_by: str
    reason: str
