"""The events that the distribution service listens to, one function each."""

from __future__ import annotations

from services.distribution.delivery import Head
from services.distribution.service import DistributionService
from shared.contract.events import Event
from shared.contract.events.promotion import LedgerRestored, ModelPromoted
from shared.messaging.handlers import HandlerTable
from shared.storage.database import Write

HANDLERS: HandlerTable[DistributionService] = HandlerTable()


@HANDLERS.on(ModelPromoted)
async def model_promoted(service: DistributionService, tx: Write, event: Event, data: ModelPromoted) -> None:
    """Desire the promoted version."""
    await service.desire(tx, Head(event.subject, data.version, data.digest, data.size, data.epoch), event)


@HANDLERS.on(LedgerRestored)
async def ledger_restored(service: DistributionService, tx: Write, event: Event, data: LedgerRestored) -> None:
    """Desire what is canonical in the restored ledger, and nothing else."""
    heads = [Head(each.configuration, each.version, each.digest, each.size, data.epoch) for each in data.heads]
    await service.begin_anew(tx, data.epoch, heads, event)
