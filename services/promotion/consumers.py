"""The events that the promotion service listens to, one function each."""

from __future__ import annotations

from services.promotion.service import PromotionService
from shared.contract.events import Event
from shared.contract.events.gauntlet import EvaluationCompleted, EvaluationFailed, TrainingRejected
from shared.messaging.handlers import HandlerTable
from shared.storage.database import Write

HANDLERS: HandlerTable[PromotionService] = HandlerTable()


@HANDLERS.on(EvaluationCompleted)
async def evaluation_completed(service: PromotionService, tx: Write, event: Event, data: EvaluationCompleted) -> None:
    """Judge the candidate."""
    await service.judge(tx, event, data)


@HANDLERS.on(EvaluationFailed)
async def evaluation_failed(service: PromotionService, tx: Write, event: Event, data: EvaluationFailed) -> None:
    """End the request that waited for the evaluation, if there is one."""
    await service.evaluation_failed(tx, data)


@HANDLERS.on(TrainingRejected)
async def training_rejected(service: PromotionService, tx: Write, event: Event, data: TrainingRejected) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""
