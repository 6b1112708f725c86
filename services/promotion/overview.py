"""Putting GET /status together from the ledger, the events and the distribution service's own status."""

from __future__ import annotations

from services.promotion import repository
from services.promotion.schemas import (
    Canonical,
    DecisionView,
    PromotionRequest,
    PromotionStatus,
    RecentEvent,
    Status,
)
from services.promotion.service import PromotionService
from shared.messaging.inbox import Inbox

RECENT = 50


async def assemble(service: PromotionService, inbox: Inbox) -> Status:
    """The state of the suite as it is now."""
    distribution = await service.distribution.status()
    async with service.database.read() as tx:
        heads = await repository.heads(tx)
        decided = await repository.decisions(tx, None, 1)
        waiting = await repository.open_requests(tx)
        emitted = await service.outbox.recent(tx, RECENT)
        handled = await inbox.recent(tx, RECENT)
    events = [
        RecentEvent(
            type=each.type,
            configuration=each.subject,
            time=each.time,
            id=str(each.id),
            source=each.source,
            detail=each.data.summary,
        )
        for each in emitted
    ] + [
        RecentEvent(
            type=row.type,
            configuration=row.subject,
            time=row.handled_at,
            id=row.id,
            source=row.source,
            detail=row.summary,
        )
        for row in handled
    ]
    return Status(
        promotion_status=PromotionStatus(
            configurations={each.configuration: Canonical.of(each) for each in heads},
            last_decision=DecisionView.of(decided[0]) if decided else None,
            open_requests=[PromotionRequest.model_validate(row) for row in waiting],
        ),
        model_distribution=distribution.model_distribution,
        recent_events=sorted(events, key=lambda each: each.time, reverse=True)[:RECENT],
        daemons={"MODEL_DISTRIBUTION": distribution.daemon},
        ledger=distribution.ledger,
        alive_peers=distribution.alive_peers,
    )
