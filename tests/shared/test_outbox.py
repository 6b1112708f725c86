"""The outbox by itself, over tables in memory: the feed's pages and cursors, and the relay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from shared.contract.events import Event
from shared.messaging.outbox import BEGINNING, CursorUnknownError, Outbox
from tests.kit.memory import MemoryDatabase, MemoryMessages
from tests.kit.waiting import async_until
from tests.shared.conftest import training_event


class Trial:
    """An outbox, and a bus that takes what it gets until it fails."""

    def __init__(self) -> None:
        self.messages = MemoryMessages()
        self.database, self.outbox = MemoryDatabase(self.messages), Outbox(self.messages)
        self.published: list[Event] = []
        self.takes, self.failures = 10_000, 0

    async def publish(self, event: Event) -> None:
        """Take an event, unless enough were taken."""
        if len(self.published) == self.takes:
            self.failures += 1
            raise ConnectionError("NATS is away")
        self.published.append(event)

    async def emit(self, count: int) -> list[Event]:
        """New events in the outbox of a process that was killed right after the commit."""
        return await self.emit_with(Outbox(self.messages), count)

    async def emit_with(self, outbox: Outbox, count: int) -> list[Event]:
        """New events in an outbox."""
        events = [training_event(f"models/{number}.pth") for number in range(count)]
        async with self.database.write() as tx:
            for event in events:
                await outbox.add(tx, event)
        return events

    def all_announced(self, events: list[Event]) -> Callable[[], Awaitable[bool]]:
        """Whether the events were published."""

        async def announced() -> bool:
            return self.published == events

        return announced

    async def has_failed_twice(self) -> bool:
        """Whether two events could not be published."""
        return self.failures == 2


@pytest.fixture
def trial() -> Trial:
    """A new outbox."""
    return Trial()


async def test_pages_go_on_where_the_last_one_ended(trial: Trial) -> None:
    """Every event is in exactly one page, in order; a cursor names the last event that was looked at, wanted or not."""
    events = await trial.emit(5)
    async with trial.database.read() as tx:
        first = await trial.outbox.page(tx, BEGINNING, 3)
        second = await trial.outbox.page(tx, first.cursor, 3)
        last = await trial.outbox.page(tx, second.cursor, 3)
        only = await trial.outbox.page(tx, BEGINNING, 3, ["MODEL_PROMOTED"])
        newest = await trial.outbox.recent(tx, 2)
    assert [*first.events, *second.events] == events
    third, fifth = (f"{place}.{events[place - 1].id.hex[:12]}" for place in (3, 5))
    assert (first.cursor, second.cursor, last) == (third, fifth, ([], fifth))
    assert only == ([], fifth)
    assert newest == events[:2:-1]


@pytest.mark.parametrize(
    "cursor", ["", "1", "1.", ".1", "1.1.1", "-1.0", "a.b", "1.g", "1.1 ", f"{'9' * 19}.0", f"0.{'9' * 13}"]
)
async def test_a_cursor_of_another_make_is_refused(trial: Trial, cursor: str) -> None:
    """The text says where to begin."""
    async with trial.database.read() as tx:
        with pytest.raises(ValueError, match=r"is no cursor of this feed; begin with '0\.0'"):
            await trial.outbox.page(tx, cursor, 10)


async def test_f02_a_cursor_of_another_history_is_told(trial: Trial) -> None:
    """One that is ahead of the feed, or names another event at its place, is not taken for a place in this feed."""
    events = await trial.emit(2)
    async with trial.database.read() as tx:
        for cursor in ("728.12", f"3.{events[1].id.hex[:12]}", f"2.{events[0].id.hex[:12]}"):
            with pytest.raises(CursorUnknownError, match=r"begin anew with 0\.0"):
                await trial.outbox.page(tx, cursor, 10)
        assert (await trial.outbox.page(tx, f"1.{events[0].id.hex[:12]}", 10)).events == events[1:]


async def test_the_relay_publishes_all_there_is(trial: Trial) -> None:
    """More than one batch is published without waiting for the next commit, each event once, in order."""
    events = await trial.emit(105)
    await trial.outbox.sweep(trial.database, trial.publish)
    assert trial.published == events
    assert await trial.outbox.publish_some(trial.database, trial.publish) == 0
    assert trial.published == events


async def test_a_batch_is_bounded(trial: Trial) -> None:
    """A hundred events are published in one transaction at most."""
    await trial.emit(101)
    assert await trial.outbox.publish_some(trial.database, trial.publish) == 100
    assert await trial.outbox.publish_some(trial.database, trial.publish) == 1
    assert await trial.outbox.publish_some(trial.database, trial.publish) == 0


async def test_what_is_not_published_stays(trial: Trial) -> None:
    """A bus that goes away in the middle of a batch delays the batch: it is published again, and nothing is forgotten."""
    events = await trial.emit(4)
    trial.takes = 2
    with pytest.raises(ConnectionError):
        await trial.outbox.publish_some(trial.database, trial.publish)
    assert trial.messages.tables.published == set()
    trial.takes = 100
    assert await trial.outbox.publish_some(trial.database, trial.publish) == 4
    assert trial.published == [*events[:2], *events]


async def test_what_is_committed_is_announced_and_not_published_again(trial: Trial) -> None:
    """The process that wrote an event publishes it without asking the database; the relay only remembers it."""
    events = await trial.emit_with(trial.outbox, 3)
    announcing = asyncio.create_task(trial.outbox.announce(trial.publish))
    await trial.outbox.sweep(trial.database, trial.publish)
    assert trial.published == []
    await async_until(trial.all_announced(events))
    await trial.outbox.sweep(trial.database, trial.publish)
    announcing.cancel()
    assert trial.messages.tables.published == {str(event.id) for event in events}
    assert trial.published == events


async def test_what_is_rolled_back_is_not_announced(trial: Trial) -> None:
    """Nothing is said before the commit, and nothing without one."""
    announcing = asyncio.create_task(trial.outbox.announce(trial.publish))
    with suppress(ZeroDivisionError):
        async with trial.database.write() as tx:
            await trial.outbox.add(tx, training_event())
            raise ZeroDivisionError
    events = await trial.emit_with(trial.outbox, 1)
    await async_until(trial.all_announced(events))
    announcing.cancel()
    assert trial.published == events


async def test_what_cannot_be_announced_is_relayed(trial: Trial) -> None:
    """A bus that is away right after the commit delays the event, and loses none."""
    trial.takes = 0
    announcing = asyncio.create_task(trial.outbox.announce(trial.publish))
    events = await trial.emit_with(trial.outbox, 2)
    await async_until(trial.has_failed_twice)
    trial.takes = 100
    await trial.outbox.sweep(trial.database, trial.publish)
    announcing.cancel()
    assert trial.published == events


async def test_the_relay_wakes_nobody(trial: Trial) -> None:
    """Marking events as published is no news to the loops that wait for commits."""
    await trial.emit(1)
    await trial.outbox.publish_some(trial.database, trial.publish)
    assert trial.database.quiet_commits == 1
