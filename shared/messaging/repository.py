"""All SQL of a service's messaging tables. Functions that change something take a `Write` and never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Select, and_, func, insert, select, union_all, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from shared.contract.events import Event
from shared.messaging.tables import Messaging
from shared.storage.database import Read, Write, lock_for_transaction
from shared.storage.pruning import older_than, rule
from shared.storage.retention import Rule
from shared.storage.together import Rows, bound, write


class FeedRow(NamedTuple):
    """An event in the outbox, and its place in the feed."""

    sequence: int
    event_id: UUID
    event: dict[str, Any]


class HandledEvent(NamedTuple):
    """An event that was handled. `id` is unique for its source; `summary`: what it says, in a line."""

    id: str
    type: str
    subject: str
    source: str
    summary: str | None
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


class Standing(NamedTuple):
    """For how many seconds an event has waited to be published, 0 if none does, and how many dead letters were not replayed."""

    unpublished_seconds: float
    letters: int


class KeptDays(NamedTuple):
    """For how many days messages are kept. Handled ones must outlive the events, lest an event read again be handled again."""

    events: float
    handled: float
    letters: float


class MessageStore:
    """The messaging tables of one service."""

    def __init__(self, tables: Messaging) -> None:
        self._outbox, self._inbox = tables.outbox, tables.inbox
        self._cursors, self._letters = tables.feed_cursors, tables.dead_letters
        # made once: a promotion waits for it, and making a statement takes longer than carrying it out
        self._claim = insert_or(self._inbox).on_conflict_do_nothing().returning(self._inbox.c.event_id)

    async def add(self, tx: Write, *events: Event, beside: Sequence[Rows] = ()) -> None:
        """Write events to the outbox, in their order. `beside`: rows of other tables that are written by the same statement."""
        rows = [
            {"event_id": each.id, "type": each.type, "subject": each.nats_subject, "event": each} for each in events
        ]
        await write(tx, *beside, Rows(self._into_outbox, rows))

    def _into_outbox(self, rows: str) -> Insert:
        names = ("event_id", "type", "subject", "event")
        return insert(self._outbox).from_select(names, select(bound(rows, self._outbox, names)))

    async def has_unordered(self, tx: Read) -> bool:
        """Whether a committed event has no place in the feed yet."""
        table = self._outbox
        return (
            await tx.execute(select(table.c.position).where(table.c.sequence.is_(None)).limit(1))
        ).first() is not None

    async def order(self, tx: Write) -> None:
        """Give the events without one their places, after all that have one. One orderer at a time."""
        table = self._outbox
        await lock_for_transaction(tx, f"order {table.schema} outbox")
        place = func.row_number().over(order_by=table.c.position).label("place")
        waiting = select(table.c.position, place).where(table.c.sequence.is_(None)).subquery()
        last = select(func.coalesce(func.max(table.c.sequence), 0)).scalar_subquery()
        this = table.c.position == waiting.c.position
        await tx.execute(update(table).values(sequence=last + waiting.c.place).where(this))

    async def event_at(self, tx: Read, sequence: int) -> UUID | None:
        """The id of the event at a place in the feed."""
        table = self._outbox
        found: UUID | None = (await tx.execute(select(table.c.event_id).where(table.c.sequence == sequence))).scalar()
        return found

    async def last(self, tx: Read) -> FeedRow | None:
        """The newest event that has a place in the feed."""
        placed = self._placed(0).order_by(self._outbox.c.sequence.desc()).limit(1)
        row = (await tx.execute(placed)).first()
        return FeedRow(*row) if row else None

    async def after(self, tx: Read, sequence: int, limit: int, types: Sequence[str]) -> list[FeedRow]:
        """Events after a place in the feed, oldest first; all types if none given."""
        ordered = self._placed(sequence).order_by(self._outbox.c.sequence).limit(limit)
        if not types:
            return [FeedRow(*row) for row in await tx.execute(ordered)]
        # one look into the index for each type: a filter would walk over every event of the others
        each = [ordered.where(self._outbox.c.type == one).subquery().select() for one in dict.fromkeys(types)]
        found = union_all(*each).subquery()
        rows = await tx.execute(select(found).order_by(found.c.sequence).limit(limit))
        return [FeedRow(*row) for row in rows]

    def _placed(self, sequence: int) -> Select[Any]:
        table = self._outbox
        return select(table.c.sequence, table.c.event_id, table.c.event).where(table.c.sequence > sequence)

    async def newest(self, tx: Read, limit: int) -> list[dict[str, Any]]:
        """The newest events of the outbox, newest first."""
        table = self._outbox
        return list((await tx.execute(select(table.c.event).order_by(table.c.position.desc()).limit(limit))).scalars())

    async def unpublished(self, tx: Write, limit: int) -> list[dict[str, Any]]:
        """Ordered events that were not published yet, oldest first, locked; what another relay has locked is left to it."""
        table = self._outbox
        waiting = (
            select(table.c.event)
            .where(table.c.published_at.is_(None), table.c.sequence.is_not(None))
            .order_by(table.c.sequence)
            .limit(limit)
        )
        return list((await tx.execute(waiting.with_for_update(skip_locked=True))).scalars())

    async def mark_published(self, tx: Write, ids: Sequence[UUID]) -> None:
        """Remember that events were published."""
        table = self._outbox
        await tx.execute(update(table).where(table.c.event_id.in_(ids)).values(published_at=func.clock_timestamp()))

    async def standing(self, tx: Read) -> Standing:
        """How the messages stand now."""
        outbox, letters = self._outbox, self._letters
        # two looks into indexes: what has no place in the feed yet is of the last second, unless something hangs
        waiting = [
            select(func.min(outbox.c.created_at)).where(each).scalar_subquery()
            for each in (
                and_(outbox.c.published_at.is_(None), outbox.c.sequence.is_not(None)),
                outbox.c.sequence.is_(None),
            )
        ]
        seconds = func.extract("epoch", func.clock_timestamp() - func.least(*waiting))
        unread = select(func.count()).select_from(letters).where(letters.c.replayed_at.is_(None)).scalar_subquery()
        [row] = await tx.execute(select(func.coalesce(seconds, 0), unread))
        return Standing(float(row[0]), int(row[1]))

    async def claim(self, tx: Write, event: Event) -> bool:
        """Remember an event as handled; False if it was already."""
        identity = {"source": event.source, "event_id": str(event.id)}
        row = {**identity, "type": event.type, "subject": event.subject, "summary": event.data.summary}
        return (await tx.execute(self._claim, row)).first() is not None

    async def handled(self, tx: Read, limit: int) -> list[HandledEvent]:
        """The newest handled events, newest first."""
        table = self._inbox
        columns = (table.c.event_id, table.c.type, table.c.subject, table.c.source, table.c.summary, table.c.handled_at)
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

    def retention(self, keep: KeptDays) -> list[Rule]:
        """How long messages are kept. What was not published stays, and so does the newest event, which cursors name."""
        outbox, inbox, letters = self._outbox, self._inbox, self._letters

        def read_by_all(age: timedelta) -> ColumnElement[bool]:
            newest = select(func.max(outbox.c.sequence)).scalar_subquery()
            published = and_(outbox.c.published_at.is_not(None), outbox.c.sequence < newest)
            return and_(older_than(age, outbox.c.created_at), published)

        return [
            rule(outbox, "published events", keep.events, read_by_all),
            rule(inbox, "handled events", keep.handled, lambda age: older_than(age, inbox.c.handled_at)),
            rule(letters, "dead letters", keep.letters, lambda age: older_than(age, letters.c.died_at)),
        ]
