"""The outbox: events written in the transaction that makes them true, published afterwards, and readable as a feed.

An event gets its place in the feed when its transaction has committed, from one orderer at a time. A serial given at writing would
let a reader step over a row that commits late, and a transaction's id means something in one cluster only. A cursor names the event
that was read last, so that one from another history (a restored database) is told from one that is true.
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
TAG_LENGTH = 12
RELAY_BATCH = 100
SWEEP_SECONDS = 1.0
Publish = Callable[[Event], Awaitable[None]]


class CursorUnknownError(Exception):
    """The cursor was given by another history of this feed, or what it names was pruned; reading must begin anew."""


class FeedPage(NamedTuple):
    """Events in order, and the cursor after the last that was looked at."""

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
        """The events after a cursor, oldest first. The cursor of the page is past all that do not match as well. ValueError if
        the cursor is malformed, CursorUnknownError if it is none of this history."""
        sequence, tag = _parse_cursor(after)
        if sequence and tag != _tag(await self._store.event_at(tx, sequence)):
            raise CursorUnknownError(f"the cursor {after} names no event of this feed; begin anew with {BEGINNING}")
        rows = await self._store.after(tx, sequence, limit, types)
        seen = rows[-1] if len(rows) == limit else await self._store.last(tx)
        cursor = f"{seen.sequence}.{_tag(seen.event_id)}" if seen else BEGINNING
        return FeedPage([Event.model_validate(row.event) for row in rows], cursor)

    async def recent(self, tx: Read, limit: int) -> list[Event]:
        """The newest events, newest first."""
        return [Event.model_validate(event) for event in await self._store.newest(tx, limit)]

    async def order(self, database: Transactions) -> None:
        """Give committed events their places in the feed, for ever: after each commit, and once a second in any case."""
        async for _ in database.changes(SWEEP_SECONDS):
            await self.order_once(database)

    async def order_once(self, database: Transactions) -> None:
        """Give the events that have none yet their places."""
        async with database.read() as tx:
            if not await self._store.has_unordered(tx):
                return
        async with database.write() as write:
            await self._store.order(write)

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


def _parse_cursor(cursor: str) -> tuple[int, str]:
    if not re.fullmatch(rf"\d{{1,18}}\.[0-9a-f]{{1,{TAG_LENGTH}}}", cursor):
        raise ValueError(f"{cursor!r} is no cursor of this feed; begin with {BEGINNING!r}")
    sequence, tag = cursor.split(".")
    return int(sequence), tag


def _tag(event_id: UUID | None) -> str | None:
    return event_id.hex[:TAG_LENGTH] if event_id else None
