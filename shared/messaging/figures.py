"""The figures of a service's messages for Prometheus: what was not published yet, what could not be handled. Changes nothing."""

from __future__ import annotations

import asyncio

from prometheus_client import Gauge

from shared.messaging.repository import MessageStore
from shared.storage.database import Transactions

PAUSE_SECONDS = 5.0
OUTBOX_AGE = Gauge(
    "ringrift_outbox_age_seconds", "Age of the oldest event that was not published on the bus, 0 without one"
)
DEAD_LETTERS = Gauge("ringrift_dead_letters", "Messages that could not be handled, and were not replayed")


async def measure(database: Transactions, store: MessageStore) -> None:
    """Keep the figures, for ever."""
    while True:
        async with database.read() as tx:
            standing = await store.standing(tx)
        OUTBOX_AGE.set(max(standing.unpublished_seconds, 0))
        DEAD_LETTERS.set(standing.letters)
        await asyncio.sleep(PAUSE_SECONDS)
