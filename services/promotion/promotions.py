"""Carrying out a decision: the ledger's rows and the events, in the caller's transaction.

The rules of judging are in controller.py, the statements in repository.py; here is only what belongs together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from services.promotion import repository
from services.promotion.controller import Decision, PromotionController
from services.promotion.repository import CanonicalVersion
from services.promotion.settings import PromotionSettings
from shared.configuration import Configuration
from shared.database import Write
from shared.events import (
    EvaluationCompleted,
    EvaluationRequested,
    Event,
    EventData,
    ModelPromoted,
    ModelPromotionFailed,
)
from shared.logs import get_logger
from shared.outbox import Outbox

Kind = Literal["automatic", "manual", "forced", "rollback"]
_log = get_logger(__name__)


@dataclass(frozen=True)
class Promotions:
    """Judges evaluations and moves the pointer."""

    settings: PromotionSettings
    outbox: Outbox
    source: str

    async def judge(self, tx: Write, event: Event, data: EvaluationCompleted) -> None:
        """Decide on an evaluation, and promote, refuse, or ask for another one."""
        configuration = str(data.configuration)
        await repository.lock_configuration(tx, configuration)
        await repository.record_evaluation(tx, data)
        head = await repository.head(tx, configuration)
        asked = await repository.request(tx, data.request_id) if data.request_id else None
        kind: Kind = asked.kind if asked else "automatic"
        controller = PromotionController(
            self.settings.gates(), may_skip=kind == "forced" or self.settings.skip_gauntlet
        )
        canonical = head.reference if head else None
        decision = controller.decide(data.digest, data.num_players, data.evidence, canonical)
        decision_id = uuid4()
        await repository.record_decision(
            tx, decision_id, configuration, data.digest, decision, controller.policy, data.evaluation_id
        )
        withheld = self._withheld(decision, asked is not None, bool(asked and asked.dry_run))
        if decision.verdict == "passed" and withheld is None:
            await self._promote(tx, event, data, head, decision_id, kind, decision)
        else:
            await self._refuse(tx, event, data, decision_id, decision, withheld)
        _log.info(
            "decided",
            configuration=configuration,
            digest=data.digest,
            verdict=decision.verdict,
            reasons=decision.reasons,
        )

    def _withheld(self, decision: Decision, asked: bool, dry_run: bool) -> str | None:
        if decision.verdict != "passed":
            return None
        if dry_run:
            return "passed, and not promoted because the request was a dry run"
        if not asked and not self.settings.auto_promote:
            return "passed, and not promoted because RINGRIFT_AUTO_PROMOTE is off; ask for it with POST /admin/promote"
        return None

    async def _promote(
        self, tx: Write, event: Event, data: EvaluationCompleted, head: CanonicalVersion | None, decision_id: UUID, kind: Kind,
        decision: Decision,
    ) -> None:  # fmt: skip
        reason = "; ".join(decision.reasons)
        await self.move_pointer(tx, data.configuration, head, data.digest, data.size, decision_id, kind, reason, event)
        if data.request_id:
            await repository.close_request(tx, data.request_id, "promoted", reason, decision_id)

    async def move_pointer(
        self, tx: Write, configuration: Configuration, head: CanonicalVersion | None, digest: str, size: int, decision_id: UUID,
        kind: Kind, reason: str, cause: Event | None = None,
    ) -> int:  # fmt: skip
        """Append the next canonical version and emit MODEL_PROMOTED; returns the version."""
        version = head.version + 1 if head else 1
        await repository.move_pointer(tx, str(configuration), version, digest, decision_id, kind, self.source, reason)
        await repository.record_audit(
            tx,
            self.source,
            "promote",
            {"configuration": str(configuration), "version": version, "digest": digest, "kind": kind},
        )
        promoted = ModelPromoted(
            board_type=configuration.board_type,
            num_players=configuration.num_players,
            version=version,
            digest=digest,
            size=size,
            previous_version=head.version if head else None,
            previous_digest=head.digest if head else None,
            decision_id=decision_id,
            kind=kind,
        )
        await self._emit(tx, promoted, cause)
        return version

    async def _refuse(
        self,
        tx: Write,
        event: Event,
        data: EvaluationCompleted,
        decision_id: UUID,
        decision: Decision,
        withheld: str | None,
    ) -> None:
        reasons = [withheld] if withheld else []
        failed = ModelPromotionFailed(
            board_type=data.board_type,
            num_players=data.num_players,
            digest=data.digest,
            decision_id=decision_id,
            evaluation_id=data.evaluation_id,
            request_id=data.request_id,
            verdict=decision.verdict,
            reasons=[*reasons, *decision.reasons],
        )
        await self._emit(tx, failed, event)
        if decision.verdict == "stale":
            again = EvaluationRequested(
                board_type=data.board_type,
                num_players=data.num_players,
                request_id=data.request_id or uuid4(),
                reason="stale",
                digest=data.digest,
                games=data.evidence.gates.games,
            )
            await self._emit(tx, again, event)
        elif data.request_id:
            await repository.close_request(tx, data.request_id, "refused", "; ".join(failed.reasons), decision_id)

    async def _emit(self, tx: Write, data: EventData, cause: Event | None) -> None:
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))
