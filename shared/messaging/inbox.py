"""The inbox: every event is handled at most once, in the same transaction as what it changes.

What can never be handled goes to the dead letters with the reason, and can be replayed from there.
"""

from __future__ import annotations

import hashlib
from functools import partial

from pydantic import ValidationError

from shared.contract.events import SUBJECT_PREFIX, Event, RejectedError
from shared.contract.words import LONGEST_REASON
from shared.messaging.handlers import Handlers, Message
from shared.messaging.repository import DeadLetter, HandledEvent, MessageStore
from shared.process.logs import get_logger
from shared.process.traces import span
from shared.storage.database import Read, Transactions, afterwards

_log = get_logger(__name__)
PAYLOAD_LIMIT = 64 * 1024


class Inbox:
    """One service's inbox, its handlers, its dead letters, and how far it has read the producers' feeds."""

    def __init__(self, database: Transactions, store: MessageStore, handlers: Handlers) -> None:
        self._database, self._store, self._handlers = database, store, handlers

    @property
    def handlers(self) -> Handlers:
        """What is listened to."""
        return self._handlers

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
        handle = self._handlers.of(event)
        with span(f"handle {event.type}", event.traceparent, "consumer", **_about(event)) as handling:
            async with self._database.write() as tx:
                if not await self._store.claim(tx, event):
                    return handling.forget()
                await handle(tx, event)
            about = {"type": event.type, "configuration": event.subject, "event_id": str(event.id)}
            afterwards(partial(_log.info, "handled", **about))

    async def bury(self, subject: str, payload: bytes | str, reason: str, deliveries: int) -> None:
        """Record a message that cannot be handled; the same message again changes nothing."""
        raw = payload if isinstance(payload, bytes) else payload.encode()
        async with self._database.write() as tx:
            await self._store.bury(
                tx,
                fingerprint=hashlib.sha256(raw).hexdigest(),
                event_id=_event_id(raw),
                subject=subject,
                payload=raw[:PAYLOAD_LIMIT].decode("utf-8", "replace").replace("\x00", "\ufffd"),
                reason=reason[:LONGEST_REASON],
                deliveries=deliveries,
            )
        _log.error("dead letter", subject=subject, reason=reason, deliveries=deliveries)

    async def dead_letters(self, tx: Read, after: int, limit: int) -> list[DeadLetter]:
        """Dead letters with an id above `after`, oldest first."""
        return await self._store.letters(tx, after, limit)

    async def replay(self, letter_id: int) -> bool:
        """Handle a dead letter again; False if there is none with that id. RejectedError if it still cannot be handled."""
        async with self._database.read() as tx:
            letter = await self._store.letter(tx, letter_id)
        if letter is None:
            return False
        await self._receive_again(letter)
        async with self._database.write() as write:
            await self._store.mark_replayed(write, letter_id)
        return True

    async def _receive_again(self, letter: DeadLetter) -> None:
        on_the_bus = letter.subject.startswith(f"{SUBJECT_PREFIX}.")
        handle = self._handlers.outside.get(letter.subject.removeprefix(f"{SUBJECT_PREFIX}.").partition(".")[0])
        if handle is not None:
            return await handle(Message(letter.subject, {}, letter.payload.encode()))
        if on_the_bus:
            raise RejectedError(
                "it came over the bus, where anyone may have written it; the producer's feed has what is true"
            )
        await self.receive(letter.payload)

    async def cursor(self, producer: str) -> str | None:
        """Where the reading of a producer's feed has come to."""
        async with self._database.read() as tx:
            return await self._store.cursor(tx, producer)

    async def advance(self, producer: str, cursor: str) -> None:
        """Remember where the reading of a producer's feed has come to."""
        async with self._database.write() as tx:
            await self._store.advance(tx, producer, cursor)

    async def recent(self, tx: Read, limit: int) -> list[HandledEvent]:
        """The newest handled events, newest first."""
        return await self._store.handled(tx, limit)


def _about(event: Event) -> dict[str, str | None]:
    """What an event is about, as spans and log lines name it."""
    evaluation = getattr(event.data, "evaluation_id", None)
    return {"configuration": event.subject, "evaluation_id": None if evaluation is None else str(evaluation)}


def _event_id(payload: bytes) -> str | None:
    try:
        event_id = Event.model_validate_json(payload).id
    except ValidationError:
        return None
    return str(event_id)
