"""Carrying out a decision: the ledger's rows and the events, in the caller's transaction.

The rules of judging are in controller.py, the statements in repository.py; here is only what belongs together.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4

from services.promotion import repository
from services.promotion.controller import Decision, PromotionController
from services.promotion.repository import CanonicalVersion, Request
from services.promotion.settings import PromotionSettings
from shared.contract.configuration import Configuration
from shared.contract.events import (
    EvaluationCompleted,
    EvaluationRequested,
    Event,
    EventData,
    ModelPromoted,
    ModelPromotionFailed,
    RejectedError,
)
from shared.messaging.outbox import Outbox
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Write

Kind = Literal["automatic", "manual", "forced", "rollback"]
_log = get_logger(__name__)


@dataclass(frozen=True)
class Judged:
    """A recorded decision, with what it was made on. `request` is the operator's, None for a trainer's candidate."""

    event: Event
    data: EvaluationCompleted
    head: CanonicalVersion | None
    request: Request | None
    decision_id: UUID
    decision: Decision


@dataclass(frozen=True)
class Promotions:
    """Judges evaluations and moves the pointer."""

    settings: PromotionSettings
    outbox: Outbox
    store: ArtifactStore
    source: str

    async def judge(self, tx: Write, event: Event, data: EvaluationCompleted) -> None:
        """Decide on an evaluation, and promote, refuse, or ask for another one. RejectedError if it was judged before."""
        configuration = str(data.configuration)
        await repository.lock_configuration(tx, configuration)
        request = await self._request(tx, data)
        if not await repository.record_evaluation(tx, data):
            raise RejectedError(f"evaluation {data.evaluation_id} was judged already; its end is reported once")
        head = await repository.head(tx, configuration)
        controller = self._controller(request)
        decision = controller.decide(
            data.digest, data.num_players, data.evidence, None if head is None else head.reference
        )
        decision_id = await repository.record_decision(
            tx, configuration, data.digest, decision, controller, head, data.evaluation_id
        )
        judged = Judged(event, data, head, request, decision_id, decision)
        withheld = await self._withheld(judged)
        if decision.verdict == "passed" and withheld is None:
            await self._promote(tx, judged)
        else:
            await self._refuse(tx, judged, withheld)
        reasons = [*([withheld] if withheld else []), *decision.reasons]
        _log.info("decided", configuration=configuration, digest=data.digest, verdict=decision.verdict, reasons=reasons)

    async def _request(self, tx: Write, data: EvaluationCompleted) -> Request | None:
        request = await repository.request(tx, data.request_id) if data.request_id else None
        if request is not None and request.configuration != str(data.configuration):
            raise RejectedError(f"request {request.id} is for {request.configuration}, not for {data.configuration}")
        return request

    def _controller(self, request: Request | None) -> PromotionController:
        policy = self.settings.gates(request.games if request else None)
        forced = request is not None and request.kind == "forced"
        return PromotionController(policy, may_skip=forced or self.settings.skip_gauntlet)

    async def _withheld(self, judged: Judged) -> str | None:
        """Why a model that passed is not promoted all the same."""
        request, data = judged.request, judged.data
        if judged.decision.verdict != "passed":
            return None
        if request is not None and request.dry_run:
            return "passed, and not promoted because the request was a dry run"
        if request is not None and request.state != repository.OPEN:
            return f"passed, and not promoted because request {request.id} had ended before: {request.state}"
        if request is None and not self.settings.auto_promote:
            return "passed, and not promoted because RINGRIFT_AUTO_PROMOTE is off; ask for it with POST /admin/promote"
        artifact = await asyncio.to_thread(self.store.find, data.digest)
        if artifact is None or artifact.size != data.size:
            return f"passed, and not promoted because the artifact store lacks its {data.size} bytes; announce it again"
        return None

    async def _promote(self, tx: Write, judged: Judged) -> None:
        data, request = judged.data, judged.request
        kind: Kind = request.kind if request else "automatic"
        reason = "; ".join(judged.decision.reasons)
        await self.move_pointer(
            tx, data.configuration, judged.head, data.digest, data.size, judged.decision_id, kind, reason, judged.event
        )
        if request is not None:
            await repository.close_request(tx, request.id, "promoted", reason, judged.decision_id)

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

    async def _refuse(self, tx: Write, judged: Judged, withheld: str | None) -> None:
        data, decision = judged.data, judged.decision
        failed = ModelPromotionFailed(
            board_type=data.board_type,
            num_players=data.num_players,
            digest=data.digest,
            decision_id=judged.decision_id,
            evaluation_id=data.evaluation_id,
            request_id=data.request_id,
            verdict=decision.verdict,
            reasons=[*([withheld] if withheld else []), *decision.reasons],
        )
        await self._emit(tx, failed, judged.event)
        if decision.verdict == "stale":
            await self._evaluate_again(tx, judged)
        elif judged.request is not None:
            reason = "; ".join(failed.reasons)
            await repository.close_request(tx, judged.request.id, "refused", reason, judged.decision_id)

    async def _evaluate_again(self, tx: Write, judged: Judged) -> None:
        data = judged.data
        again = EvaluationRequested(
            board_type=data.board_type,
            num_players=data.num_players,
            request_id=data.request_id or uuid4(),
            reason="stale",
            digest=data.digest,
            games=judged.request.games if judged.request else None,
        )
        await self._emit(tx, again, judged.event)

    async def _emit(self, tx: Write, data: EventData, cause: Event | None) -> None:
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))
