"""The events that the promotion service listens to, one function each."""

from __future__ import annotations

from typing import Any

from services.promotion import repository
from services.promotion.promotions import Promotions
from shared.contract.events import EvaluationCompleted, EvaluationFailed, Event
from shared.messaging.inbox import Subscription
from shared.storage.database import Write


def subscriptions(promotions: Promotions) -> list[Subscription[Any]]:
    """The handlers, by type."""

    async def evaluation_completed(tx: Write, event: Event, data: EvaluationCompleted) -> None:
        """Judge the candidate."""
        await promotions.judge(tx, event, data)

    async def evaluation_failed(tx: Write, event: Event, data: EvaluationFailed) -> None:
        """End the request that waited for the evaluation, if there is one."""
        if data.request_id:
            await repository.close_request(tx, data.request_id, "failed", f"{data.code}: {data.reason}")

    return [Subscription(EvaluationCompleted, evaluation_completed), Subscription(EvaluationFailed, evaluation_failed)]
