"""All SQL of a service's messaging tables. Functions that change something take a `Write` and never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from shared.contract.events import Event
from shared.messaging.tables import Messaging
from shared.storage.database import Read, Write


class FeedRow(NamedTuple):
    """An event in the outbox, and its place in the feed: the transaction that wrote it, and its position."""

    transaction: str
    position: int
    event: dict[str, Any]


class HandledEvent(NamedTuple):
    """An event that was handled."""

    id: UUID
    type: str
    subject: str
    source: str
    handled_at: datetime


class DeadLetter(NamedTuple):
    """A message that could not be handled, and why."""

    id: int
    event_id: str | None
    subject: str
    payload: str
    reason: str
    deliveries: int
    died_at: datetime
    replayed_at: datetime | None


class MessageStore:
    """The messaging tables of one service."""

    def __init__(self, tables: Messaging) -> None:
        self._outbox, self._inbox = tables.outbox, tables.inbox
        self._cursors, self._letters = tables.feed_cursors, tables.dead_letters

    async def add(self, tx: Write, event: Event) -> None:
        """Write an event to the outbox."""
        row = {"event_id": event.id, "type": event.type, "subject": event.nats_subject}
        await tx.execute(insert(self._outbox).values(event=event.model_dump(mode="json"), **row))

    async def after(self, tx: Read, transaction: str, position: int, limit: int, types: Sequence[str]) -> list[FeedRow]:
        """Events after a place in the feed, oldest first, older than every transaction that still runs; all types if none given."""
        table = self._outbox
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
        rows = await tx.execute(statement, {"transaction": transaction, "position": position})
        return [FeedRow(str(row.transaction), row.position, row.event) for row in rows]

    async def newest(self, tx: Read, limit: int) -> list[dict[str, Any]]:
        """The newest events of the outbox, newest first."""
        table = self._outbox
        return list((await tx.execute(select(table.c.event).order_by(table.c.position.desc()).limit(limit))).scalars())

    async def unpublished(self, tx: Write, limit: int) -> list[dict[str, Any]]:
        """Events that were not published yet, oldest first, locked; those that another relay has locked are left to it."""
        table = self._outbox
        waiting = select(table.c.event).where(table.c.published_at.is_(None)).order_by(table.c.position).limit(limit)
        return list((await tx.execute(waiting.with_for_update(skip_locked=True))).scalars())

    async def mark_published(self, tx: Write, ids: Sequence[UUID]) -> None:
        """Remember that events were published."""
        table = self._outbox
        await tx.execute(update(table).where(table.c.event_id.in_(ids)).values(published_at=func.clock_timestamp()))

    async def claim(self, tx: Write, event: Event) -> bool:
        """Remember an event as handled; False if it was already."""
        row = {"event_id": event.id, "type": event.type, "subject": event.subject, "source": event.source}
        statement = insert_or(self._inbox).values(row).on_conflict_do_nothing().returning(self._inbox.c.event_id)
        return (await tx.execute(statement)).first() is not None

    async def handled(self, tx: Read, limit: int) -> list[HandledEvent]:
        """The newest handled events, newest first."""
        table = self._inbox
        columns = (table.c.event_id, table.c.type, table.c.subject, table.c.source, table.c.handled_at)
        rows = await tx.execute(select(*columns).order_by(table.c.handled_at.desc()).limit(limit))
        return [HandledEvent(*row) for row in rows]

    async def bury(
        self, tx: Write, *, fingerprint: str, event_id: str | None, subject: str, payload: str, reason: str, deliveries: int
    ) -> None:  # fmt: skip
        """Write a dead letter; one with a known fingerprint only changes its reason and deliveries."""
        row = {"fingerprint": fingerprint, "event_id": event_id, "subject": subject, "payload": payload}
        changed = {"reason": reason, "deliveries": deliveries}
        statement = insert_or(self._letters).values(**row, **changed)
        await tx.execute(statement.on_conflict_do_update(index_elements=["fingerprint"], set_=changed))

    async def letters(self, tx: Read, after: int, limit: int) -> list[DeadLetter]:
        """Dead letters with an id above `after`, oldest first."""
        table = self._letters
        columns = [table.c[name] for name in DeadLetter._fields]
        rows = await tx.execute(select(*columns).where(table.c.id > after).order_by(table.c.id).limit(limit))
        return [DeadLetter(*row) for row in rows]

    async def letter(self, tx: Read, letter_id: int) -> DeadLetter | None:
        """One dead letter."""
        found = await self.letters(tx, letter_id - 1, 1)
        return found[0] if found and found[0].id == letter_id else None

    async def mark_replayed(self, tx: Write, letter_id: int) -> None:
        """Remember that a dead letter was handled after all."""
        table = self._letters
        await tx.execute(update(table).where(table.c.id == letter_id).values(replayed_at=func.now()))

    async def cursor(self, tx: Read, producer: str) -> str | None:
        """Where the reading of a producer's feed has come to."""
        table = self._cursors
        return (await tx.execute(select(table.c.cursor).where(table.c.producer == producer))).scalar()

    async def advance(self, tx: Write, producer: str, cursor: str) -> None:
        """Remember where the reading of a producer's feed has come to."""
        statement = insert_or(self._cursors).values(producer=producer, cursor=cursor)
        await tx.execute(
            statement.on_conflict_do_update(index_elements=["producer"], set_={"cursor": cursor, "read_at": func.now()})
        )
