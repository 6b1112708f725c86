"""The outbox: events written in the transaction that makes them true, published afterwards, and readable as a feed.

The feed is ordered by (transaction, position) and shows only transactions older than every one still running. A plain serial
position would let a reader step over a row that commits late (PostgreSQL documentation, `pg_snapshot_xmin`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, literal_column, select, text, update

from shared.contract.events import Event
from shared.messaging.bus import Bus
from shared.messaging.tables import Messaging
from shared.storage.database import Database, Read, Write

BEGINNING = "0.0"
RELAY_BATCH = 100
SWEEP_SECONDS = 1.0


class FeedPage(NamedTuple):
    """Events in order, and the cursor after the last of them."""

    events: list[Event]
    cursor: str


class Outbox:
    """One service's outbox table."""

    def __init__(self, tables: Messaging) -> None:
        self._table = tables.outbox

    async def add(self, tx: Write, event: Event) -> None:
        """Write an event; it exists exactly if the transaction commits."""
        await tx.execute(
            insert(self._table).values(
                event_id=event.id,
                type=str(event.type),
                subject=event.nats_subject,
                event=event.model_dump(mode="json"),
            )
        )

    async def page(self, tx: Read, after: str, limit: int, types: Sequence[str] = ()) -> FeedPage:
        """The events after a cursor, oldest first. ValueError if the cursor is malformed."""
        transaction, position = _parse_cursor(after)
        table = self._table
        statement = (
            select(table.c.transaction, table.c.position, table.c.event)
            .where(
                text('("transaction", position) > (cast(:transaction as text)::xid8, :position)'),
                table.c.transaction < literal_column("pg_snapshot_xmin(pg_current_snapshot())"),
            )
            .order_by(table.c.transaction, table.c.position)
            .limit(limit)
        )
        if types:
            statement = statement.where(table.c.type.in_(types))
        rows = (await tx.execute(statement, {"transaction": transaction, "position": position})).all()
        cursor = f"{rows[-1].transaction}.{rows[-1].position}" if rows else after
        return FeedPage([Event.model_validate(row.event) for row in rows], cursor)

    async def recent(self, tx: Read, limit: int) -> list[Event]:
        """The newest events, newest first."""
        rows = await tx.execute(select(self._table.c.event).order_by(self._table.c.position.desc()).limit(limit))
        return [Event.model_validate(event) for event in rows.scalars()]

    async def relay(self, database: Database, bus: Bus) -> None:
        """Publish whatever is unpublished, for ever: after each commit, and once a second in any case."""
        async for _ in database.changes(SWEEP_SECONDS):
            while await self._publish_some(database, bus) == RELAY_BATCH:
                pass

    async def _publish_some(self, database: Database, bus: Bus) -> int:
        table = self._table
        unpublished = (
            select(table.c.event_id, table.c.event)
            .where(table.c.published_at.is_(None))
            .order_by(table.c.position)
            .limit(RELAY_BATCH)
            .with_for_update(skip_locked=True)
        )
        async with database.write(quiet=True) as tx:
            rows = (await tx.execute(unpublished)).all()
            published: list[UUID] = []
            for row in rows:
                await bus.publish(Event.model_validate(row.event))
                published.append(row.event_id)
            if published:
                await tx.execute(
                    update(table).where(table.c.event_id.in_(published)).values(published_at=func.clock_timestamp())
                )
        return len(rows)


def _parse_cursor(cursor: str) -> tuple[str, int]:
    if not re.fullmatch(r"\d{1,19}\.\d{1,18}", cursor):
        raise ValueError(f"{cursor!r} is no cursor of this feed; begin with {BEGINNING!r}")
    transaction, position = cursor.split(".")
    return transaction, int(position)
