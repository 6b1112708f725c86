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

from shared.contract.words import Disposition, DispositionCode, FailureCode, RequestState

RequestKind = Literal["manual", "forced"]
EndCode = DispositionCode | FailureCode
"""What became of the judged candidate, or why there was nothing to judge."""


@dataclass(frozen=True)
class AskedPromotion:
    """What an operator asks for. `why`: the operator's own reason, if there is one; `seen_version`: where the operator saw the
    pointer, 0 for no version yet, None if that does not matter."""

    id: UUID
    configuration: str
    model_path: str
    games: int | None
    kind: RequestKind
    dry_run: bool
    asked_by: str
    why: str | None
    seen_version: int | None

    def asks_for(self, other: AskedPromotion) -> bool:
        """Whether both ask for the same, whoever asks."""
        return self._asked == other._asked

    @property
    def decides(self) -> bool:
        """Whether the games decide something: they are neither skipped nor only looked at."""
        return not self.dry_run and self.kind == "manual"

    @property
    def _asked(self) -> tuple[object, ...]:
        asked = (self.configuration, self.model_path, self.games, self.kind, self.dry_run)
        return (*asked, self.why, self.seen_version)


@dataclass(frozen=True)
class RequestedPromotion(AskedPromotion):
    """A request to be recorded."""

    idempotency_key: str | None


@dataclass(frozen=True)
class PromotionRequest(AskedPromotion):
    """One request. `code` and `reason`: why it ended as it did, for programs and for people."""

    state: RequestState
    code: EndCode | None
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

    def ended_by(
        self, disposition: Disposition, code: DispositionCode, reason: str, decision_id: UUID
    ) -> Closing | None:
        """The end that a judgement is; None where another evaluation is to come, and after an end."""
        if not self.is_open or code == "evaluated_again":
            return None
        state = RequestState.PROMOTED if disposition == "promoted" else RequestState.REFUSED
        return Closing(state, code, reason, decision_id)

    def ended_without_evidence(self, code: FailureCode, reason: str) -> Closing | None:
        """The end that a failed evaluation is; None after an end."""
        return Closing(RequestState.FAILED, code, f"{code}: {reason}") if self.is_open else None


@dataclass(frozen=True)
class Closing:
    """How an open request ends."""

    state: RequestState
    code: EndCode
    reason: str
    decision_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.state is RequestState.OPEN:
            raise ValueError("a request does not end by staying open")
