"""The outbox: events written in the transaction that makes them true, published afterwards, and readable as a feed.

The feed is ordered by (transaction, position) and shows only transactions older than every one still running. A plain serial
position would let a reader step over a row that commits late (PostgreSQL documentation, `pg_snapshot_xmin`).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from shared.contract.events import Event
from shared.messaging.repository import MessageStore
from shared.storage.database import Read, Transactions, Write

BEGINNING = "0.0"
RELAY_BATCH = 100
SWEEP_SECONDS = 1.0
Publish = Callable[[Event], Awaitable[None]]


class FeedPage(NamedTuple):
    """Events in order, and the cursor after the last of them."""

    events: list[Event]
    cursor: str


class Outbox:
    """One service's outbox."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store

    async def add(self, tx: Write, event: Event) -> None:
        """Write an event; it exists exactly if the transaction commits."""
        await self._store.add(tx, event)

    async def page(self, tx: Read, after: str, limit: int, types: Sequence[str] = ()) -> FeedPage:
        """The events after a cursor, oldest first. ValueError if the cursor is malformed."""
        transaction, position = _parse_cursor(after)
        rows = await self._store.after(tx, transaction, position, limit, types)
        cursor = f"{rows[-1].transaction}.{rows[-1].position}" if rows else after
        return FeedPage([Event.model_validate(row.event) for row in rows], cursor)

    async def recent(self, tx: Read, limit: int) -> list[Event]:
        """The newest events, newest first."""
        return [Event.model_validate(event) for event in await self._store.newest(tx, limit)]

    async def relay(self, database: Transactions, publish: Publish) -> None:
        """Publish whatever is unpublished, for ever: after each commit, and once a second in any case."""
        async for _ in database.changes(SWEEP_SECONDS):
            while await self.publish_some(database, publish) == RELAY_BATCH:
                pass

    async def publish_some(self, database: Transactions, publish: Publish) -> int:
        """Publish the oldest unpublished events; returns how many. What fails to be published stays unpublished, and raises."""
        async with database.write(quiet=True) as tx:
            events = [Event.model_validate(each) for each in await self._store.unpublished(tx, RELAY_BATCH)]
            published: list[UUID] = []
            for event in events:
                await publish(event)
                published.append(event.id)
            if published:
                await self._store.mark_published(tx, published)
        return len(events)


def _parse_cursor(cursor: str) -> tuple[str, int]:
    if not re.fullmatch(r"\d{1,19}\.\d{1,18}", cursor):
        raise ValueError(f"{cursor!r} is no cursor of this feed; begin with {BEGINNING!r}")
    transaction, position = cursor.split(".")
    return transaction, int(position)
