"""The events that the gauntlet service listens to, one function each."""

from __future__ import annotations

from typing import Any

from services.gauntlet import repository
from services.gauntlet.feedback_loop import FeedbackLoopController, PlannedEvaluation
from shared.contract.events import EvaluationRequested, Event, ModelPromoted, TrainingCompleted
from shared.messaging.inbox import Subscription
from shared.storage.database import Write


def subscriptions(controller: FeedbackLoopController) -> list[Subscription[Any]]:
    """The handlers, by type."""

    async def training_completed(tx: Write, event: Event, data: TrainingCompleted) -> None:
        """Record an evaluation of the trained model."""
        await _record(tx, event, controller.after_training(event.id, data))

    async def evaluation_requested(tx: Write, event: Event, data: EvaluationRequested) -> None:
        """Record the evaluation that the promotion service asks for."""
        await _record(tx, event, controller.after_request(event.id, data))

    async def model_promoted(tx: Write, event: Event, data: ModelPromoted) -> None:
        """Meet this version as `previous` from now on."""
        await repository.record_canonical(tx, event.subject, data.version, data.digest)

    return [
        Subscription(TrainingCompleted, training_completed),
        Subscription(EvaluationRequested, evaluation_requested),
        Subscription(ModelPromoted, model_promoted),
    ]


async def _record(tx: Write, event: Event, planned: PlannedEvaluation) -> None:
    await repository.add_evaluation(tx, planned, event.model_dump(mode="json"))
