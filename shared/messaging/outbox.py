"""The outbox: events written in the transaction that makes them true, published afterwards, and readable as a feed.

An event gets its place in the feed when its transaction has committed, from one orderer at a time. A serial given at writing would
let a reader step over a row that commits late, and a transaction's id means something in one cluster only. A cursor names the event
that was read last, so that one from another history (a restored database) is told from one that is true.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import NamedTuple
from uuid import UUID

from shared.contract.events import Event
from shared.messaging.repository import MessageStore
from shared.process.logs import get_logger
from shared.storage.database import Read, Transactions, Write, after_commit
from shared.storage.together import Rows

BEGINNING = "0.0"
TAG_LENGTH = 12
RELAY_BATCH = 100
SWEEP_SECONDS = 1.0
Publish = Callable[[Event], Awaitable[None]]
_log = get_logger(__name__)


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
        self._committed = asyncio.Queue[Event]()
        self._in_hand: set[UUID] = set()
        self._announced: list[UUID] = []

    async def add(self, tx: Write, *events: Event, beside: Sequence[Rows] = ()) -> None:
        """Write events, in their order; they exist exactly if the transaction commits, and are announced then. `beside`: rows that
        are written by the same statement."""
        await self._store.add(tx, *events, beside=beside)
        for event in events:
            after_commit(tx, partial(self._to_announce, event))

    async def page(self, tx: Read, after: str, limit: int, types: Sequence[str] = ()) -> FeedPage:
        """The events after a cursor, oldest first. The cursor of the page is past all that do not match as well. ValueError if
        the cursor is malformed, CursorUnknownError if it is none of this history."""
        sequence = await self.place(tx, after)
        rows = await self._store.after(tx, sequence, limit, types)
        seen = rows[-1] if len(rows) == limit else await self._store.last(tx)
        cursor = f"{seen.sequence}.{_tag(seen.event_id)}" if seen else BEGINNING
        return FeedPage([Event.model_validate(row.event) for row in rows], cursor)

    async def place(self, tx: Read, cursor: str) -> int:
        """The place in the feed that a cursor names, 0 for its beginning. ValueError and CursorUnknownError as for a page."""
        sequence, tag = _parse_cursor(cursor)
        if sequence and tag != _tag(await self._store.event_at(tx, sequence)):
            raise CursorUnknownError(f"the cursor {cursor} names no event of this feed; begin anew with {BEGINNING}")
        return sequence

    async def recent(self, tx: Read, limit: int) -> list[Event]:
        """The newest events, newest first."""
        return [Event.model_validate(event) for event in await self._store.newest(tx, limit)]

    async def order_once(self, database: Transactions) -> None:
        """Give the events that have none yet their places."""
        async with database.read() as tx:
            if not await self._store.has_unordered(tx):
                return
        async with database.write() as write:
            await self._store.order(write)

    async def announce(self, publish: Publish) -> None:
        """Publish this process's events as soon as they are committed, for ever. What fails is left to the relay."""
        while True:
            first, others = await self._committed.get(), []
            while not self._committed.empty():
                others.append(asyncio.ensure_future(self._announce(self._committed.get_nowait(), publish)))
            await self._announce(first, publish)
            await asyncio.gather(*others)

    async def relay(self, database: Transactions, publish: Publish) -> None:
        """Sweep once a second, for ever."""
        while True:
            await self.sweep(database, publish)
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self, database: Transactions, publish: Publish) -> None:
        """Give events their places in the feed, and publish those that nobody has announced, such as those of a process that was
        killed."""
        await self.order_once(database)
        while await self.publish_some(database, publish) == RELAY_BATCH:
            pass

    async def publish_some(self, database: Transactions, publish: Publish) -> int:
        """Remember what was announced, and publish the oldest events that were not; returns how many. What fails to be published
        stays unpublished, and raises."""
        announced, published = self._announced[:], list[UUID]()
        async with database.write(quiet=True) as tx:
            if announced:
                await self._store.mark_published(tx, announced)
            found = [Event.model_validate(each) for each in await self._store.unpublished(tx, RELAY_BATCH)]
            known = self._in_hand.union(self._announced)
            events = [event for event in found if event.id not in known]
            for event in events:
                await publish(event)
                published.append(event.id)
            if published:
                await self._store.mark_published(tx, published)
        del self._announced[: len(announced)]
        return len(events)

    def _to_announce(self, event: Event) -> None:
        self._in_hand.add(event.id)
        self._committed.put_nowait(event)

    async def _announce(self, event: Event, publish: Publish) -> None:
        try:
            await publish(event)
        except Exception as error:
            _log.debug("not announced", type=event.type, event_id=str(event.id), error=repr(error))
        else:
            self._announced.append(event.id)
        finally:
            self._in_hand.discard(event.id)


def _parse_cursor(cursor: str) -> tuple[int, str]:
    if not re.fullmatch(rf"\d{{1,18}}\.[0-9a-f]{{1,{TAG_LENGTH}}}", cursor):
        raise ValueError(f"{cursor!r} is no cursor of this feed; begin with {BEGINNING!r}")
    sequence, tag = cursor.split(".")
    return int(sequence), tag


def _tag(event_id: UUID | None) -> str | None:
    return event_id.hex[:TAG_LENGTH] if event_id else None
