"""The inbox: every event is handled at most once, in the same transaction as what it changes.

What can never be handled goes to the dead letters with the reason, and can be replayed from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.contract.events import Event, EventData, EventType, RejectedError
from shared.messaging.tables import Messaging
from shared.process.logs import get_logger
from shared.storage.database import Database, Read, Write

_log = get_logger(__name__)
Data = TypeVar("Data", bound=EventData)
Handler = Callable[[Write, Event, Data], Awaitable[None]]
PAYLOAD_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Subscription(Generic[Data]):
    """A service's handler for one type of event."""

    data: type[Data]
    handler: Handler[Data]

    @property
    def type(self) -> EventType:
        """The type that is listened to."""
        return self.data.event_type


class Inbox:
    """One service's inbox, its handlers by type, and its dead letters."""

    def __init__(self, database: Database, tables: Messaging, subscriptions: Sequence[Subscription[Any]]) -> None:
        self._database, self._tables = database, tables
        self._handlers: Mapping[EventType, Handler[Any]] = {each.type: each.handler for each in subscriptions}

    @property
    def types(self) -> tuple[EventType, ...]:
        """The types that are listened to."""
        return tuple(self._handlers)

    async def receive(self, payload: bytes | str) -> None:
        """Read a message and handle it. RejectedError when it is malformed or its handler refuses it for good."""
        try:
            event = Event.model_validate_json(payload)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:5])
            raise RejectedError(f"malformed event: {faults}") from None
        await self.handle(event)

    async def handle(self, event: Event) -> None:
        """Handle an event unless it has been handled before."""
        handler = self._handlers.get(event.type)
        if handler is None:
            raise RejectedError(f"this service does not listen to {event.type}")
        async with self._database.write() as tx:
            if not await self._claim(tx, event):
                return
            await handler(tx, event, event.data)
        _log.info("handled", type=event.type, configuration=event.subject, event_id=str(event.id))

    async def _claim(self, tx: Write, event: Event) -> bool:
        row = {"event_id": event.id, "type": str(event.type), "subject": event.subject, "source": event.source}
        claimed = (
            insert(self._tables.inbox).values(row).on_conflict_do_nothing().returning(self._tables.inbox.c.event_id)
        )
        return (await tx.execute(claimed)).first() is not None

    async def bury(self, subject: str, payload: bytes | str, reason: str, deliveries: int) -> None:
        """Record a message that cannot be handled; the same message again changes nothing."""
        raw = payload if isinstance(payload, bytes) else payload.encode()
        text = raw[:PAYLOAD_LIMIT].decode("utf-8", "replace").replace("\x00", "\ufffd")
        row = {
            "fingerprint": hashlib.sha256(raw).hexdigest(),
            "event_id": _event_id(raw),
            "subject": subject,
            "payload": text,
            "reason": reason[:2000],
            "deliveries": deliveries,
        }
        statement = insert(self._tables.dead_letters).values(row)
        async with self._database.write() as tx:
            await tx.execute(
                statement.on_conflict_do_update(
                    index_elements=["fingerprint"],
                    set_={"reason": statement.excluded.reason, "deliveries": statement.excluded.deliveries},
                )
            )
        _log.error("dead letter", subject=subject, reason=reason, deliveries=deliveries)

    async def dead_letters(self, tx: Read, after: int, limit: int) -> Sequence[Row[Any]]:
        """Dead letters with an id above `after`, oldest first."""
        table = self._tables.dead_letters
        return (await tx.execute(select(table).where(table.c.id > after).order_by(table.c.id).limit(limit))).all()

    async def replay(self, letter_id: int) -> bool:
        """Handle a dead letter again; False if there is none with that id. RejectedError if it still cannot be handled."""
        table = self._tables.dead_letters
        async with self._database.read() as tx:
            row = (await tx.execute(select(table.c.payload).where(table.c.id == letter_id))).first()
        if row is None:
            return False
        await self.receive(row.payload)
        async with self._database.write() as write:
            await write.execute(update(table).where(table.c.id == letter_id).values(replayed_at=func.now()))
        return True

    async def cursor(self, tx: Read, producer: str) -> str | None:
        """Where the reading of a producer's feed has come to."""
        table = self._tables.feed_cursors
        return (await tx.execute(select(table.c.cursor).where(table.c.producer == producer))).scalar()

    async def advance(self, tx: Write, producer: str, cursor: str) -> None:
        """Remember where the reading of a producer's feed has come to."""
        statement = insert(self._tables.feed_cursors).values(producer=producer, cursor=cursor)
        await tx.execute(
            statement.on_conflict_do_update(index_elements=["producer"], set_={"cursor": cursor, "read_at": func.now()})
        )

    async def recent(self, tx: Read, limit: int) -> Sequence[Row[Any]]:
        """The newest handled events, newest first: event_id, type, subject, source, handled_at."""
        table = self._tables.inbox
        return (await tx.execute(select(table).order_by(table.c.handled_at.desc()).limit(limit))).all()


def _event_id(payload: bytes) -> str | None:
    try:
        event_id = Event.model_validate_json(payload).id
    except ValidationError:
        return None
    return str(event_id)
