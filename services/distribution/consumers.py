"""The events that the distribution service listens to, one function each."""

from __future__ import annotations

from services.distribution import ledger, repository
from services.distribution.delivery import Head
from shared.contract.events import Event, ModelPromoted
from shared.messaging.inbox import Subscription
from shared.messaging.outbox import Outbox
from shared.storage.database import Write


def subscriptions(outbox: Outbox) -> list[Subscription[ModelPromoted]]:
    """The handlers, by type."""

    async def model_promoted(tx: Write, event: Event, data: ModelPromoted) -> None:
        """Desire the promoted version, unless a higher one is desired already."""
        head = Head(event.subject, data.version, data.digest, data.size)
        if await repository.raise_head(tx, head):
            await ledger.begin(tx, outbox, head, event)

    return [Subscription(ModelPromoted, model_promoted)]
