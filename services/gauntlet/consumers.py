"""The events that the gauntlet service listens to, one function each."""

from __future__ import annotations

from services.gauntlet.service import GauntletService
from shared.contract.events import Event
from shared.contract.events.promotion import EvaluationRequested, ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.handlers import HandlerTable
from shared.storage.database import Write

HANDLERS: HandlerTable[GauntletService] = HandlerTable()


@HANDLERS.on(TrainingCompleted)
async def training_completed(service: GauntletService, tx: Write, event: Event, data: TrainingCompleted) -> None:
    """Record an evaluation of the trained model."""
    await service.after_training(tx, event, data)


@HANDLERS.on(EvaluationRequested)
async def evaluation_requested(service: GauntletService, tx: Write, event: Event, data: EvaluationRequested) -> None:
    """Record the evaluation that the promotion service asks for."""
    await service.after_request(tx, event, data)


@HANDLERS.on(ModelPromoted)
async def model_promoted(service: GauntletService, tx: Write, event: Event, data: ModelPromoted) -> None:
    """Meet this version as `previous` from now on."""
    await service.after_promotion(tx, data)
