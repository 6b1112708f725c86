"""A database and a service's messaging tables in memory: the same promises as the real ones, in microseconds.

tests/shared/test_message_store.py holds both kinds to the same behaviour.
"""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from shared.contract.events import Event
from shared.messaging.repository import DeadLetter, FeedRow, HandledEvent, MessageStore
from shared.storage.database import AFTER_COMMIT, Read, Write
from shared.storage.together import Rows

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TOKEN = cast(Write, object())


@dataclass
class _Tables:
    outbox: list[dict[str, Any]] = field(default_factory=list)
    published: set[str] = field(default_factory=set)
    inbox: list[HandledEvent] = field(default_factory=list)
    letters: dict[str, DeadLetter] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)


class MemoryMessages(MessageStore):
    """The messaging tables of one service, in memory. Every event has its place in the feed at once."""

    def __init__(self) -> None:
        self.tables = _Tables()

    async def add(self, tx: Write, *events: Event, beside: Sequence[Rows] = ()) -> None:
        self.tables.outbox.extend(event.model_dump(mode="json") for event in events)

    async def has_unordered(self, tx: Read) -> bool:
        return False

    async def order(self, tx: Write) -> None:
        pass

    async def event_at(self, tx: Read, sequence: int) -> UUID | None:
        found = [row.event_id for row in self._rows() if row.sequence == sequence]
        return found[0] if found else None

    async def last(self, tx: Read) -> FeedRow | None:
        rows = self._rows()
        return rows[-1] if rows else None

    async def after(self, tx: Read, sequence: int, limit: int, types: Sequence[str]) -> list[FeedRow]:
        wanted = [row for row in self._rows() if row.sequence > sequence]
        return [row for row in wanted if not types or row.event["type"] in types][:limit]

    def _rows(self) -> list[FeedRow]:
        return [FeedRow(number, UUID(event["id"]), event) for number, event in enumerate(self.tables.outbox, 1)]

    async def newest(self, tx: Read, limit: int) -> list[dict[str, Any]]:
        return self.tables.outbox[::-1][:limit]

    async def unpublished(self, tx: Write, limit: int) -> list[dict[str, Any]]:
        return [event for event in self.tables.outbox if event["id"] not in self.tables.published][:limit]

    async def mark_published(self, tx: Write, ids: Sequence[UUID]) -> None:
        self.tables.published |= {str(each) for each in ids}

    async def claim(self, tx: Write, event: Event) -> bool:
        if any((each.source, each.id) == (event.source, str(event.id)) for each in self.tables.inbox):
            return False
        summary = event.data.summary
        self.tables.inbox.append(HandledEvent(str(event.id), event.type, event.subject, event.source, summary, NOW))
        return True

    async def handled(self, tx: Read, limit: int) -> list[HandledEvent]:
        return self.tables.inbox[::-1][:limit]

    async def bury(
        self, tx: Write, *, fingerprint: str, event_id: str | None, subject: str, payload: str, reason: str, deliveries: int
    ) -> None:  # fmt: skip
        known = self.tables.letters.get(fingerprint)
        fresh = DeadLetter(
            len(self.tables.letters) + 1, event_id, subject, payload, reason, deliveries, NOW, replayed_at=None
        )
        letter = known._replace(reason=reason, deliveries=deliveries) if known else fresh
        self.tables.letters[fingerprint] = letter

    async def letters(self, tx: Read, after: int, limit: int) -> list[DeadLetter]:
        return [letter for letter in self.tables.letters.values() if letter.id > after][:limit]

    async def mark_replayed(self, tx: Write, letter_id: int) -> None:
        for fingerprint, letter in self.tables.letters.items():
            if letter.id == letter_id:
                self.tables.letters[fingerprint] = letter._replace(replayed_at=NOW)

    async def cursor(self, tx: Read, producer: str) -> str | None:
        return self.tables.cursors.get(producer)

    async def advance(self, tx: Write, producer: str, cursor: str) -> None:
        self.tables.cursors[producer] = cursor


class MemoryDatabase:
    """Transactions over tables in memory: a block that raises leaves them as they were. `commits` counts those that did not."""

    def __init__(self, messages: MemoryMessages) -> None:
        self._messages = messages
        self.commits = self.quiet_commits = 0
        self.sweeps: list[float] = []

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Read]:
        """A transaction that changes nothing."""
        yield _TOKEN

    @asynccontextmanager
    async def write(self, *, quiet: bool = False) -> AsyncIterator[Write]:
        """A transaction that changes all or nothing."""
        before, token = copy.deepcopy(self._messages.tables), SimpleNamespace(info={AFTER_COMMIT: []})
        try:
            yield cast(Write, token)
        except BaseException:
            self._messages.tables = before
            raise
        for action in token.info[AFTER_COMMIT]:
            action()
        self.commits += 1
        self.quiet_commits += quiet

    def wake(self) -> None:
        """Nobody waits here."""

    async def changes(self, sweep: float) -> AsyncIterator[None]:
        """One change, and no more: the loops of tests end. `sweeps` keeps how often they wanted to be woken in any case."""
        self.sweeps.append(sweep)
        yield
