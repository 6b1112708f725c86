"""The events that the gauntlet service listens to, one function each."""

from __future__ import annotations

from services.gauntlet import cloud_event
from services.gauntlet.service import GauntletService
from services.gauntlet.training import EventIdReusedError
from shared.contract.events import Event, RejectedError
from shared.contract.events.promotion import EvaluationRequested, LedgerRestored, ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.handlers import HandlerTable, Message
from shared.storage.database import Write

HANDLERS: HandlerTable[GauntletService] = HandlerTable()


@HANDLERS.from_outside(TrainingCompleted)
async def training_completed(service: GauntletService, message: Message) -> None:
    """Record an evaluation of the trained model."""
    try:
        await service.take_training(cloud_event.read(message.headers, message.payload), "nats")
    except (cloud_event.UnreadableError, EventIdReusedError) as error:
        raise RejectedError(str(error)) from None


@HANDLERS.on(EvaluationRequested)
async def evaluation_requested(service: GauntletService, tx: Write, event: Event, data: EvaluationRequested) -> None:
    """Record the evaluation that the promotion service asks for."""
    await service.after_request(tx, event, data)


@HANDLERS.on(ModelPromoted)
async def model_promoted(service: GauntletService, tx: Write, event: Event, data: ModelPromoted) -> None:
    """Meet this version as `previous` from now on."""
    await service.after_promotion(tx, data)


@HANDLERS.on(LedgerRestored)
async def ledger_restored(service: GauntletService, tx: Write, event: Event, data: LedgerRestored) -> None:
    """Go by the restored ledger from now on."""
    await service.after_restore(tx, data)
