"""Putting GET /status together from the ledger, the events, and what the other two services say of themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from services.promotion import repository
from services.promotion.gauntlet_client import AnnouncedTraining
from services.promotion.schemas import (
    ApprovalView,
    Canonical,
    Daemons,
    DamagedArtifact,
    DecisionView,
    FailedEvaluation,
    FileDifference,
    HoldView,
    PromotionRequest,
    PromotionStatus,
    RecentEvent,
    SuiteStatus,
    WaiverView,
)
from services.promotion.service import PromotionService
from shared.contract.events import Event
from shared.contract.events.envelope import UNKNOWN_SUBJECT
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.words import ApprovalState
from shared.messaging.inbox import Inbox
from shared.messaging.repository import HandledEvent
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Read

RECENT = 50


async def assemble(service: PromotionService, inbox: Inbox) -> SuiteStatus:
    """The state of the suite as it is now."""
    distribution, gauntlet = await asyncio.gather(service.distribution.status(), service.gauntlet.status())
    failed = [FailedEvaluation.model_validate(each) for each in gauntlet.failed]
    damaged = await asyncio.to_thread(_damaged, service.artifacts.store)
    async with service.database.read() as tx:
        promotion = await _promotion(service, tx, failed, damaged)
        emitted = await service.outbox.recent(tx, RECENT)
        handled = await inbox.recent(tx, RECENT)
    events = [*map(_emitted, emitted), *map(_handled, handled), *map(_announced, gauntlet.trainings)]
    return SuiteStatus(
        promotion_status=promotion,
        model_distribution=distribution.model_distribution,
        recent_events=sorted(events, key=lambda each: each.time, reverse=True)[:RECENT],
        daemons=Daemons(MODEL_DISTRIBUTION=distribution.daemon, GAUNTLET=gauntlet.daemon),
        ledger=distribution.ledger,
        alive_peers=distribution.alive_peers,
    )


async def _promotion(
    service: PromotionService, tx: Read, failed: list[FailedEvaluation], damaged: list[DamagedArtifact] | None
) -> PromotionStatus:
    heads = await repository.heads(tx)
    decided = await repository.decisions(tx, None, 1)
    waiting = await repository.open_requests(tx)
    awaiting = await repository.list_approvals(tx, None, ApprovalState.AWAITING, None, RECENT)
    holds = await repository.list_holds(tx, None, None, RECENT, lifted=False)
    waivers = await repository.waivers_of_heads(tx)
    return PromotionStatus(
        configurations={each.configuration: Canonical.of(each) for each in heads},
        last_decision=DecisionView.of(decided[0]) if decided else None,
        failed_evaluations=failed,
        open_requests=[PromotionRequest.model_validate(row) for row in waiting],
        awaiting=[ApprovalView.model_validate(each) for each in awaiting if not each.is_expired],
        holds=[HoldView.model_validate(each) for each in holds],
        file_differences=list(_differences(service)),
        damaged_artifacts=damaged,
        waivers=[WaiverView.model_validate(each) for each in waivers],
    )


def _differences(service: PromotionService) -> Iterator[FileDifference]:
    for each in service.files.differences.values():
        yield FileDifference.model_validate({**each._asdict(), "mended_in": max(service.files.left(each), 0.0)})


def _damaged(store: ArtifactStore) -> list[DamagedArtifact] | None:
    try:
        return [DamagedArtifact.model_validate(each) for each in islice(store.items("damaged"), RECENT)]
    except OSError:
        return None


def _emitted(event: Event) -> RecentEvent:
    return RecentEvent(
        type=event.type, configuration=event.subject, time=event.time, id=str(event.id), source=event.source,
        detail=event.data.summary,
    )  # fmt: skip


def _handled(row: HandledEvent) -> RecentEvent:
    return RecentEvent(
        type=row.type, configuration=row.subject, time=row.handled_at, id=row.id, source=row.source, detail=row.summary,
    )  # fmt: skip


def _announced(training: AnnouncedTraining) -> RecentEvent:
    """A trainer's event: it comes to the gauntlet, from outside the suite."""
    return RecentEvent(
        type=TrainingCompleted.event_type, configuration=training.configuration or UNKNOWN_SUBJECT,
        time=training.received_at, id=training.event_id, source=training.source, detail=training.model,
    )  # fmt: skip
