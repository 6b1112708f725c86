"""Waivers of versions that were forced: granted with the promotion, made good or not by an evaluation afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

from services.promotion import announcements, repository
from services.promotion.controller import Decision
from services.promotion.promotion_request import PromotionRequest
from services.promotion.service.ledger import Ledger
from services.promotion.versions import CanonicalVersion, NextVersion
from services.promotion.waiver import GrantedWaiver, Waiver
from shared.contract.events import Event
from shared.contract.policy import GatePolicy
from shared.contract.words import WaiverState
from shared.process.logs import get_logger
from shared.storage.database import Write

_log = get_logger(__name__)


@dataclass(frozen=True)
class Waivers:
    """`seconds`: in which a forced version has to be evaluated."""

    ledger: Ledger
    seconds: float

    async def grant(
        self, tx: Write, to: NextVersion, request: PromotionRequest, policy: GatePolicy, cause: Event
    ) -> None:
        """A version was forced: it owes the games that were skipped, and they are asked for at once."""
        granted = GrantedWaiver(
            uuid4(), to.configuration, to.version, to.digest, request.why or "no reason given", request.asked_by
        )
        await repository.grant_waiver(tx, granted, self.seconds)
        asked = announcements.evaluation_again(to.configuration, to.digest, granted.id, "review", policy)
        await self.ledger.emit(tx, asked, cause=cause)

    async def review(
        self, tx: Write, waiver: Waiver, decision: Decision, head: CanonicalVersion | None, decision_id: UUID
    ) -> None:
        """Its evaluation was judged: what that found is said, and nothing is moved."""
        state = waiver.reviewed(decision, head.version if head else None)
        if state is WaiverState.OPEN:
            return
        finding = "; ".join(decision.reasons)
        await repository.close_waiver(tx, waiver.id, state, finding, decision_id)
        if state is WaiverState.FAILED:
            _say("a forced version fails its gates", waiver, finding)

    async def unevaluated(self, tx: Write, waiver: Waiver, reason: str) -> None:
        """Its evaluation ended without evidence."""
        await repository.close_waiver(tx, waiver.id, WaiverState.UNEVALUATED, reason, None)
        _say("a forced version could not be evaluated", waiver, reason)


def _say(event: str, waiver: Waiver, reason: str) -> None:
    _log.warning(
        event, configuration=waiver.configuration, version=waiver.version, digest=waiver.digest, reason=reason,
        forced_by=waiver.granted_by,
    )  # fmt: skip
