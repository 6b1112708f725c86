"""Events through outbox, bus, feed and inbox, on a real Postgres and a real NATS."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import select

from shared.contract.events import Event, RejectedError
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.bus import STREAM, Bus
from shared.messaging.outbox import BEGINNING
from shared.process.tasks import Loop, background
from tests.shared.conftest import TABLES, Trial, training_event


def loops(trial: Trial) -> dict[str, Loop]:
    """Relay and consumer of the trial service."""
    return {
        "relay": partial(trial.outbox.relay, trial.database, trial.bus.publish),
        "consumer": partial(
            trial.bus.consume, "trial", trial.inbox.handlers.types, trial.inbox.receive, trial.inbox.bury
        ),
    }


async def test_g03_state_and_event_are_one_transaction(trial: Trial, training: Event) -> None:
    """An event whose transaction fails was never there."""
    with suppress(ZeroDivisionError):
        async with trial.database.write() as tx:
            await trial.outbox.add(tx, training)
            raise ZeroDivisionError
    async with trial.database.read() as read:
        assert (await trial.outbox.page(read, BEGINNING, 10)).events == []


async def test_an_emitted_event_reaches_the_handler(trial: Trial, training: Event) -> None:
    """Outbox, relay, JetStream, consumer and inbox hand an event on unchanged."""
    async with background(loops(trial)):
        await trial.emit(training)
        await trial.until(lambda: trial.handled == [training.id])


async def test_g03_the_same_event_twice_is_handled_once(trial: Trial, training: Event) -> None:
    """A second delivery, by whatever way, changes nothing."""
    await trial.inbox.handle(training)
    await trial.inbox.receive(training.model_dump_json())
    assert trial.handled == [training.id]


async def test_g04_a_deleted_stream_only_costs_time(trial: Trial) -> None:
    """The stream and the consumer are recreated, and later events arrive."""
    first, second = training_event("models/1.pth"), training_event("models/2.pth")
    async with background(loops(trial)):
        await trial.emit(first)
        await trial.until(lambda: first.id in trial.handled)
        await (await trial.bus.connect()).jetstream().delete_stream(STREAM)
        await trial.emit(second)
        await trial.until(lambda: second.id in trial.handled)


async def test_g04_the_feed_shows_late_commits(trial: Trial) -> None:
    """A transaction that began first and commits last is not stepped over by a reader's cursor."""
    slow, fast = training_event("models/slow.pth"), training_event("models/fast.pth")
    async with trial.database.write() as tx:
        await trial.outbox.add(tx, slow)
        await trial.emit(fast)
        async with trial.database.read() as read:
            early = await trial.outbox.page(read, BEGINNING, 10)
    async with trial.database.read() as read:
        late = await trial.outbox.page(read, early.cursor, 10)
    assert [event.id for event in [*early.events, *late.events]] == [slow.id, fast.id]


async def test_a_malformed_event_becomes_a_dead_letter(trial: Trial) -> None:
    """What cannot be read is kept with the reason, and the consumer goes on to the next event."""
    good = training_event()
    async with background(loops(trial)):
        await trial.until(lambda: trial.bus.connected)
        await trial.emit(training_event("models/first.pth"))
        await trial.until(lambda: len(trial.handled) == 1)
        client = await trial.bus.connect()
        await client.jetstream().publish(good.nats_subject, b'{"type": "TRAINING_COMPLETED", "data": {"games": 1}}')
        await trial.emit(good)
        await trial.until(lambda: good.id in trial.handled)
    async with trial.database.read() as read:
        letters = await trial.inbox.dead_letters(read, 0, 10)
    assert len(letters) == 1
    assert "malformed event" in letters[0].reason


async def test_a_failing_handler_is_tried_again(trial: Trial, training: Event) -> None:
    """An exception is not an end: the message comes again and is handled."""
    trial.failures.append(OSError("the disk was busy"))
    async with background(loops(trial)):
        await trial.emit(training)
        await trial.until(lambda: trial.handled == [training.id])


async def test_a_dead_letter_can_be_replayed(trial: Trial, training: Event) -> None:
    """Once its cause is mended, a refused message is handled from the dead letters."""
    trial.failures.append(RejectedError("not now"))
    payload = training.model_dump_json()
    with pytest.raises(RejectedError):
        await trial.inbox.receive(payload)
    await trial.inbox.bury(training.nats_subject, payload, "not now", 1)
    async with trial.database.read() as read:
        letter = (await read.execute(select(TABLES.dead_letters))).one()
    assert await trial.inbox.replay(letter.id)
    assert trial.handled == [training.id]


async def test_concurrent_deliveries_are_handled_once(trial: Trial, training: Event) -> None:
    """Bus and feed bringing one event at the same moment still make one change."""
    await asyncio.gather(*(trial.inbox.handle(training) for _ in range(8)))
    assert trial.handled == [training.id]


async def test_the_outbox_keeps_events_while_nats_is_away(trial: Trial, training: Event) -> None:
    """A bus that cannot be reached delays the event and loses nothing."""
    assert isinstance(training.data, TrainingCompleted)
    await trial.emit(training)
    async with trial.database.read() as read:
        page = await trial.outbox.page(read, BEGINNING, 10)
    assert [event.id for event in page.events] == [training.id]
    async with background(loops(trial)):
        await trial.until(lambda: trial.handled == [training.id])


async def test_a_bus_that_cannot_be_reached_is_said_in_bounded_time() -> None:
    """The first connection is given up, so that whoever asked can say what is missing."""
    bus = Bus("nats://127.0.0.1:9", "test")
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionError, match="cannot reach NATS"):
            await bus.connect()
    await bus.close()
