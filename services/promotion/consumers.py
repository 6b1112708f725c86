"""The events that the promotion service listens to, one function each."""

from __future__ import annotations

from services.promotion.service.judging import Judging
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

HANDLERS: HandlerTable[Judging] = HandlerTable()


@HANDLERS.on(EvaluationCompleted)
async def evaluation_completed(judging: Judging, tx: Write, event: Event, data: EvaluationCompleted) -> None:
    """Judge the candidate."""
    await judging.judge(tx, event, data)


@HANDLERS.on(EvaluationFailed)
async def evaluation_failed(judging: Judging, tx: Write, event: Event, data: EvaluationFailed) -> None:
    """End the request that waited for the evaluation, if there is one."""
    await judging.evaluation_failed(tx, data)


@HANDLERS.on(TrainingRejected)
async def training_rejected(judging: Judging, tx: Write, event: Event, data: TrainingRejected) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(GauntletActed)
async def gauntlet_acted(judging: Judging, tx: Write, event: Event, data: GauntletActed) -> None:
    """Write it into the audit."""
    await judging.ledger.note(tx, data, event)


@HANDLERS.on(DistributionActed)
async def distribution_acted(judging: Judging, tx: Write, event: Event, data: DistributionActed) -> None:
    """Write it into the audit."""
    await judging.ledger.note(tx, data, event)


@HANDLERS.on(DistributionStarted)
async def distribution_started(judging: Judging, tx: Write, event: Event, data: DistributionStarted) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(DistributionCompleted)
async def distribution_completed(judging: Judging, tx: Write, event: Event, data: DistributionCompleted) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""


@HANDLERS.on(DistributionFailed)
async def distribution_failed(judging: Judging, tx: Write, event: Event, data: DistributionFailed) -> None:
    """Nothing is to be done; the inbox keeps it among the recent events that operators read."""
