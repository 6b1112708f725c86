"""Events through outbox, bus, feed and inbox, on a real Postgres and a real NATS."""

import asyncio
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import select, text

from shared.contract.events import Event, RejectedError
from shared.messaging.bus import MAX_DELIVERIES, Bus
from shared.messaging.doorbell import IGNORED
from shared.messaging.handlers import Message
from shared.messaging.nats_stream import ensure_stream
from shared.messaging.outbox import BEGINNING
from shared.messaging.permissions import STREAM
from shared.messaging.signature import Signer
from shared.process.tasks import Loop, background
from tests.kit.waiting import async_until
from tests.shared.conftest import STORE, TABLES, Trial, promoted_event, training_event

NEVER = 3600.0


def loops(trial: Trial, feed_seconds: float = NEVER) -> dict[str, Loop]:
    """Everything that moves events for the trial service; its feed is read when it is rung for."""
    return {
        "announce": partial(trial.outbox.announce, trial.bus.publish),
        "relay": partial(trial.outbox.relay, trial.database, trial.bus.publish),
        "consumer": partial(
            trial.bus.consume, "trial", trial.inbox.handlers.types, trial.doorbell.receive, trial.inbox.bury
        ),
        "feed": partial(trial.feed.follow, feed_seconds),
    }


async def publish(trial: Trial, subject: str, payload: bytes) -> None:
    """Publish anything, as whoever holds the bus's password can."""
    client = await trial.bus.connect()
    await ensure_stream(client)
    await client.jetstream().publish(subject, payload)


async def test_g03_state_and_event_are_one_transaction(trial: Trial, promoted: Event) -> None:
    """An event whose transaction fails was never there."""
    with suppress(ZeroDivisionError):
        async with trial.database.write() as tx:
            await trial.outbox.add(tx, promoted)
            raise ZeroDivisionError
    assert (await trial.page()).events == []


async def test_an_emitted_event_reaches_the_handler(trial: Trial, promoted: Event) -> None:
    """Outbox, relay, JetStream, doorbell, feed and inbox hand an event on, though the feed is never read by itself."""
    async with background(loops(trial)):
        await trial.emit(promoted)
        await trial.until(lambda: trial.handled == [promoted.id])


async def test_g03_the_same_event_twice_is_handled_once(trial: Trial, promoted: Event) -> None:
    """A second reading changes nothing."""
    await trial.inbox.handle(promoted)
    await trial.inbox.receive(promoted.model_dump_json())
    assert trial.handled == [promoted.id]


async def test_g04_a_deleted_stream_only_costs_time(trial: Trial) -> None:
    """The stream and the consumer are recreated, and later events arrive."""
    first, second = promoted_event(1), promoted_event(2)
    async with background(loops(trial)):
        await trial.emit(first)
        await trial.until(lambda: first.id in trial.handled)
        await (await trial.bus.connect()).jetstream().delete_stream(STREAM)
        await trial.emit(second)
        await trial.until(lambda: second.id in trial.handled)


async def test_g04_the_feed_shows_late_commits(trial: Trial) -> None:
    """A transaction that began first and commits last is not stepped over by a reader's cursor."""
    slow, fast = promoted_event(1), promoted_event(2)
    async with trial.database.write() as tx:
        await trial.outbox.add(tx, slow)
        await trial.emit(fast)
        early = await trial.page()
    late = await trial.page(early.cursor)
    assert [[event.id for event in page.events] for page in (early, late)] == [[fast.id], [slow.id]]


async def test_a_transaction_elsewhere_does_not_hold_up_the_feed(trial: Trial, promoted: Event) -> None:
    """Another program's long transaction in the same cluster changes nothing for the feed."""
    async with trial.database.write() as other:
        await other.execute(TABLES.dead_letters.delete())
        await trial.emit(promoted)
        assert [event.id for event in (await trial.page()).events] == [promoted.id]


async def test_concurrent_orderers_give_each_event_one_place(trial: Trial) -> None:
    """Whoever orders at the same time, places are whole numbers without a gap and without a second use."""
    for _ in range(5):
        await asyncio.gather(*(trial.emit(promoted_event(1)) for _ in range(4)))
        await asyncio.gather(*(trial.outbox.order_once(trial.database) for _ in range(4)))
    async with trial.database.read() as read:
        places = (await read.execute(select(TABLES.outbox.c.sequence).order_by(TABLES.outbox.c.sequence))).scalars()
        assert list(places) == list(range(1, 21))


async def test_f02_a_restored_producer_is_noticed_and_read_anew(trial: Trial) -> None:
    """A cursor from the history before the restore names no event of the new one, so everything is read again; what was handled
    is not handled twice."""
    before, after = [promoted_event(number) for number in (1, 2)], promoted_event(3)
    await trial.emit(*before)
    await trial.page()
    await trial.feed.read_page()
    async with trial.database.write() as tx:
        lost = select(TABLES.outbox.c.position).order_by(TABLES.outbox.c.position.desc()).limit(1)
        await tx.execute(TABLES.outbox.delete().where(TABLES.outbox.c.position == lost.scalar_subquery()))
    await trial.emit(after)
    await trial.page()
    while await trial.feed.read_page():
        pass
    assert trial.handled == [*(event.id for event in before), after.id]


async def test_f09_what_is_on_the_bus_is_not_believed(trial: Trial, promoted: Event) -> None:
    """A forged event makes the service look at the producer's feed, and nothing more."""
    forged = promoted_event(9000)
    async with background(loops(trial)):
        await trial.emit(promoted)
        await trial.until(lambda: trial.handled == [promoted.id])
        await publish(trial, forged.nats_subject, forged.model_dump_json().encode())
        second = promoted_event(2)
        await trial.emit(second)
        await trial.until(lambda: second.id in trial.handled)
    assert trial.handled == [promoted.id, second.id]


async def test_what_its_producer_signed_is_handled_though_the_feed_is_away(trial: Trial, promoted: Event) -> None:
    """The feed has named the key before; once it answers again, the event is not handled a second time."""
    await trial.feed.read_page()
    trial.away = True
    async with background(loops(trial)):
        await trial.emit(promoted)
        await trial.until(lambda: trial.handled == [promoted.id])
        trial.away = False
        second = promoted_event(2)
        trial.signer = trial.bus._signer = Signer()
        await trial.emit(second)
        await trial.until(lambda: second.id in trial.handled)
    assert trial.handled == [promoted.id, second.id]


async def test_f09_a_signature_of_another_message_or_key_is_not_believed(trial: Trial, promoted: Event) -> None:
    """A message that bears one makes the service look at the producer's feed, and nothing more."""
    await trial.feed.read_page()
    forged, real = promoted_event(9000).model_dump_json().encode(), promoted.model_dump_json().encode()
    for signed in (trial.signer.headers(real), Signer().headers(forged)):
        assert not await trial.feed.take(Message(promoted.nats_subject, signed, forged))
    assert trial.handled == []
    assert await trial.feed.take(Message(promoted.nats_subject, trial.signer.headers(real), real))
    assert trial.handled == [promoted.id]


async def test_what_fails_on_the_bus_is_left_to_the_feed(trial: Trial, promoted: Event) -> None:
    """There it is tried again, or buried once."""
    await trial.feed.read_page()
    trial.failures += [ZeroDivisionError("a bug"), RejectedError("never")]
    async with background(loops(trial)):
        await trial.emit(promoted)
        await trial.until(lambda: not trial.failures)
        await trial.emit(second := promoted_event(2))
        await trial.until(lambda: second.id in trial.handled)
    async with trial.database.read() as read:
        assert [each.reason for each in await trial.inbox.dead_letters(read, 0, 10)] == ["never"]


async def test_f68_what_is_none_of_our_business_is_let_pass(trial: Trial) -> None:
    """Whatever a server's filters let through, it is neither refused nor buried, but counted."""
    before = IGNORED._value.get()
    for subject in ("ringrift.events.CURRICULUM_UPDATED.hex8_2p", "ringrift.events.EVALUATION_FAILED.hex8_2p", "else"):
        await trial.doorbell.receive(Message(subject, {}, b"x"))
    assert IGNORED._value.get() == before + 3


async def test_f53_a_burst_is_taken_side_by_side(trial: Trial) -> None:
    """What waits on the bus is not taken one after the other: nobody gets through before many are there."""
    together = asyncio.Barrier(8)
    through: list[str] = []

    async def receive(message: Message) -> None:
        await together.wait()
        through.append(message.subject)

    burst = [training_event(f"models/{each}.pth") for each in range(8)]
    for event in burst:
        await trial.bus.publish(event)
    consume = partial(trial.bus.consume, "trial", ["TRAINING_COMPLETED"], receive, trial.inbox.bury)
    async with background({"consumer": consume}):
        await trial.until(lambda: len(through) == len(burst))


async def test_a_message_from_outside_that_is_refused_becomes_a_dead_letter(trial: Trial) -> None:
    """It is kept with the reason, and the consumer goes on to the next."""
    trial.failures.append(RejectedError("no such thing"))
    async with background(loops(trial)):
        await trial.until(lambda: trial.bus.connected)
        await publish(trial, training_event().nats_subject, b"first")
        await trial.until(lambda: not trial.failures)
        await publish(trial, training_event().nats_subject, b"second")
        await trial.until(lambda: trial.outside == [b"second"])
    async with trial.database.read() as read:
        [letter] = await trial.inbox.dead_letters(read, 0, 10)
    assert (letter.payload, letter.reason) == ("first", "no such thing")
    assert await trial.inbox.replay(letter.id)
    assert trial.outside == [b"second", b"first"]


async def test_f01_an_outage_of_ours_gives_no_message_up(trial: Trial) -> None:
    """However often the store is away, a message from outside is neither lost nor buried; it is taken when the store is back."""
    trial.failures += [OSError("the database is away") for _ in range(MAX_DELIVERIES + 2)]
    async with background(loops(trial)):
        await trial.until(lambda: trial.bus.connected)
        await publish(trial, training_event().nats_subject, b"kept")
        await trial.until(lambda: trial.outside == [b"kept"])
    assert await trial.letters() == []


async def test_an_event_that_always_fails_holds_up_no_other(trial: Trial) -> None:
    """A fault of the handler's own is tried a few times, then kept as a dead letter."""
    trial.failures += [ZeroDivisionError("a bug") for _ in range(100 * MAX_DELIVERIES)]
    bad, good = promoted_event(1), promoted_event(2)
    trial.spared.add(good.id)
    async with background(loops(trial, feed_seconds=0.05)):
        await trial.emit(bad, good)
        await trial.until(lambda: trial.handled == [good.id])
        letter, *_ = await async_until(trial.letters, 20)
    assert letter.event_id == str(bad.id)
    assert "a bug" in letter.reason


async def test_a_dead_letter_can_be_replayed(trial: Trial, promoted: Event) -> None:
    """Once its cause is mended, a refused event is handled from the dead letters."""
    trial.failures.append(RejectedError("not now"))
    payload = promoted.model_dump_json()
    with pytest.raises(RejectedError):
        await trial.inbox.receive(payload)
    await trial.inbox.bury("feed of promotion", payload, "not now", 1)
    async with trial.database.read() as read:
        letter = (await read.execute(select(TABLES.dead_letters))).one()
    assert await trial.inbox.replay(letter.id)
    assert trial.handled == [promoted.id]


async def test_concurrent_readings_are_handled_once(trial: Trial, promoted: Event) -> None:
    """Two readers bringing one event at the same moment still make one change."""
    await asyncio.gather(*(trial.inbox.handle(promoted) for _ in range(8)))
    assert trial.handled == [promoted.id]


async def test_the_outbox_keeps_events_while_nats_is_away(trial: Trial, promoted: Event) -> None:
    """A bus that cannot be reached delays nothing but the bell; the event is in the feed."""
    await trial.emit(promoted)
    assert [event.id for event in (await trial.page(BEGINNING)).events] == [promoted.id]
    async with background(loops(trial)):
        await trial.until(lambda: trial.handled == [promoted.id])


async def test_a_bus_that_cannot_be_reached_is_said_in_bounded_time() -> None:
    """The first connection is given up, so that whoever asked can say what is missing."""
    bus = Bus("nats://127.0.0.1:9", "test")
    async with asyncio.timeout(30):
        with pytest.raises(ConnectionError, match="cannot reach NATS"):
            await bus.connect()
    await bus.close()


async def test_f50_a_rare_type_costs_no_walk_over_the_others(trial: Trial, promoted: Event) -> None:
    """Neither a page of a type that nearly never comes, nor the newest handled events, reads the thousands of others."""
    await trial.emit(promoted)
    await trial.page()
    async with trial.database.write() as tx:
        for statement in (
            """insert into trial.outbox (event_id, type, subject, event, sequence)
               select gen_random_uuid(), 'OTHER', 's', '{}', n from generate_series(2, 5000) n""",
            """insert into trial.inbox (source, event_id, type, subject, handled_at)
               select '/s', n, 'OTHER', 's', now() - n * interval '1 minute' from generate_series(1, 5000) n""",
        ):
            await tx.execute(text(statement))
    async with trial.database.write() as tx:
        await tx.execute(text("analyze trial.outbox, trial.inbox"))
        page = await trial.outbox.page(tx, BEGINNING, 100, ["MODEL_PROMOTED"])
        assert len(await STORE.handled(tx, 50)) == 50
        read = "select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables where schemaname = 'trial'"
        assert (await tx.execute(text(read))).scalar_one() < 200
    assert [event.id for event in page.events] == [promoted.id]
    assert page.cursor.startswith("5000.")
