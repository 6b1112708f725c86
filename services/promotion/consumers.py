"""The events that the promotion service listens to, one function each."""

from __future__ import annotations

from services.promotion.service import PromotionService
from shared.contract.events import Event
from shared.contract.events.distribution import (
    DistributionActed,
    DistributionCompleted,
    DistributionFailed,
    DistributionStarted,
)
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed, GauntletActed, TrainingRejected
from shared.messaging.handlers import HandlerTable
from shared.storage.database import Write

HANDLERS: HandlerTable[PromotionService] = HandlerTable()


@HANDLERS.on(EvaluationCompleted)
async def evaluation_completed(service: PromotionService, tx: Write, event: Event, data: EvaluationCompleted) -> None:
    """Judge the candidate."""
    await service.judging.judge(tx, event, data)


@HANDLERS.on(EvaluationFailed)
async def evaluation_failed(service: PromotionService, tx: Write, event: Event, data: EvaluationFailed) -> None:
    """End the request that waited for the evaluation, if there is one."""
    await service.judging.evaluation_failed(tx, data)


@HANDLERS.on(TrainingRejected)
async def training_rejected(service: PromotionService, tx: Write, event: Event, data: TrainingRejected) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(GauntletActed)
async def gauntlet_acted(service: PromotionService, tx: Write, event: Event, data: GauntletActed) -> None:
    """Write it into the audit."""
    await service.judging.ledger.note(tx, data, event)


@HANDLERS.on(DistributionActed)
async def distribution_acted(service: PromotionService, tx: Write, event: Event, data: DistributionActed) -> None:
    """Write it into the audit."""
    await service.judging.ledger.note(tx, data, event)


@HANDLERS.on(DistributionStarted)
async def distribution_started(service: PromotionService, tx: Write, event: Event, data: DistributionStarted) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(DistributionCompleted)
async def distribution_completed(
    service: PromotionService, tx: Write, event: Event, data: DistributionCompleted
) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(DistributionFailed)
async def distribution_failed(service: PromotionService, tx: Write, event: Event, data: DistributionFailed) -> None:
    """Roll the version back, if that is wanted and the rules say so."""
    await service.falling_back.failed(tx, data)
