"""The messaging tables keep the same promises in Postgres and in memory, so that what is tested in memory holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest

from shared.contract.events import Event
from shared.messaging.outbox import Outbox
from shared.messaging.repository import MessageStore
from shared.storage.database import Database, Transactions
from tests.kit.memory import MemoryDatabase, MemoryMessages
from tests.shared.conftest import STORE, training_event

Ground = tuple[Transactions, MessageStore]


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> str | None:
    """The address of a Postgres database; None for the kind in memory."""
    return None if request.param == "memory" else request.getfixturevalue("database_url")


@pytest.fixture
async def ground(address: str | None) -> AsyncIterator[Ground]:
    """A database and the messaging tables in it, of both kinds in turn."""
    if address is None:
        messages = MemoryMessages()
        yield MemoryDatabase(messages), messages
        return
    database = Database(address)
    yield database, STORE
    await database.close()


async def added(ground: Ground, *events: Event) -> None:
    """Write events to the outbox, each in a transaction of its own, and give them their places."""
    database, store = ground
    for event in events:
        async with database.write() as tx:
            await store.add(tx, event)
    await Outbox(store).order_once(database)


async def test_events_of_one_statement_keep_their_order(ground: Ground) -> None:
    """However many are written at once, the feed has them as they were given."""
    database, store = ground
    events = [training_event(f"models/{number}.pth") for number in range(9)]
    async with database.write() as tx:
        await store.add(tx, *events)
    await Outbox(store).order_once(database)
    async with database.read() as tx:
        rows = await store.after(tx, 0, 100, [])
    assert [row.event_id for row in rows] == [event.id for event in events]


async def test_the_feed_goes_on_after_a_place(ground: Ground) -> None:
    """Events come oldest first, after the place given, as many as asked for, of the types asked for."""
    events = [training_event(f"models/{number}.pth") for number in range(3)]
    await added(ground, *events)
    database, store = ground
    async with database.read() as tx:
        rows = await store.after(tx, 0, 2, ())
        rest = await store.after(tx, rows[-1].sequence, 10, ("TRAINING_COMPLETED", "MODEL_PROMOTED"))
        none = await store.after(tx, 0, 10, ("MODEL_PROMOTED",))
        last, second = await store.last(tx), await store.event_at(tx, 2)
        beyond = await store.event_at(tx, 4)
    assert [row.event["id"] for row in [*rows, *rest]] == [str(event.id) for event in events]
    assert none == []
    assert last == rest[-1]
    assert (second, beyond) == (events[1].id, None)


async def test_published_events_are_not_published_again(ground: Ground) -> None:
    """What is marked leaves the queue, the rest stays in order."""
    events = [training_event(f"models/{number}.pth") for number in range(3)]
    await added(ground, *events)
    database, store = ground
    async with database.write() as tx:
        await store.mark_published(tx, [events[0].id])
    async with database.write() as tx:
        waiting = await store.unpublished(tx, 1)
        newest = await store.newest(tx, 2)
    assert [each["id"] for each in waiting] == [str(events[1].id)]
    assert [each["id"] for each in newest] == [str(events[2].id), str(events[1].id)]


async def test_an_event_is_claimed_once(ground: Ground, training: Event) -> None:
    """The second claim of an event says that it was handled; a transaction that fails claims nothing."""
    database, store = ground
    with suppress(ZeroDivisionError):
        async with database.write() as tx:
            assert await store.claim(tx, training)
            raise ZeroDivisionError
    async with database.write() as tx:
        assert await store.claim(tx, training)
    async with database.write() as tx:
        assert not await store.claim(tx, training)
    async with database.read() as read:
        handled = await store.handled(read, 10)
    assert [(each.id, each.type, each.subject) for each in handled] == [(str(training.id), training.type, "hex8_2p")]


async def test_a_dead_letter_is_kept_once(ground: Ground) -> None:
    """The same message again changes its reason; letters are found by id and after one, and may be marked replayed."""
    database, store = ground
    for fingerprint, reason in (("a", "first"), ("a", "second"), ("b", "third")):
        async with database.write() as tx:
            await store.bury(
                tx, fingerprint=fingerprint, event_id=str(uuid4()), subject="s", payload="{}", reason=reason, deliveries=1
            )  # fmt: skip
    async with database.read() as read:
        letters = await store.letters(read, 0, 10)
    assert [letter.reason for letter in letters] == ["second", "third"]
    async with database.write() as tx:
        await store.mark_replayed(tx, letters[0].id)
    async with database.read() as read:
        first, after = await store.letter(read, letters[0].id), await store.letters(read, letters[0].id, 10)
        assert await store.letter(read, letters[1].id + 5) is None
    assert first is not None
    assert first.replayed_at is not None
    assert [letter.reason for letter in after] == ["third"]
    assert after[0].replayed_at is None


async def test_a_cursor_is_remembered_for_each_producer(ground: Ground) -> None:
    """The newest cursor of a producer is the one that counts, and there is none before the first."""
    database, store = ground
    async with database.read() as read:
        assert await store.cursor(read, "promotion") is None
    for cursor in ("1.1", "2.7"):
        async with database.write() as tx:
            await store.advance(tx, "promotion", cursor)
    async with database.read() as read:
        assert await store.cursor(read, "promotion") == "2.7"
        assert await store.cursor(read, "gauntlet") is None
