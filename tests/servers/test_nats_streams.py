"""The stream and the consumers are ours and alive, or it is said in words; nothing goes silently into somebody else's stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, RetentionPolicy, StreamConfig, StreamSource
from typer.testing import CliRunner

from cli.main import app
from local.nats import Nats
from shared.messaging.bus import Bus
from shared.messaging.nats_connection import NatsUnfitError
from shared.messaging.nats_stream import SUBJECTS, StreamNotOursError
from shared.messaging.permissions import STREAM
from tests.kit.nats_servers import Server, debian
from tests.servers.nats_use import (
    arrived,
    bus_at,
    complaint,
    event,
    listening,
    options,
    published,
    require_round_trip,
)  # fmt: skip
from tests.servers.page import accounts
from tests.shared.conftest import promoted_event


@pytest.fixture
async def bus(nats_url: str) -> AsyncIterator[Bus]:
    """A bus on a server of this test's own."""
    async with bus_at(url=nats_url) as bus:
        yield bus


@pytest.fixture
async def jetstream(bus: Bus) -> JetStreamContext:
    """JetStream as somebody else uses it."""
    context: JetStreamContext = (await bus.connect()).jetstream()
    return context


async def test_f03_a_foreign_stream_with_our_subjects_is_named(bus: Bus, jetstream: JetStreamContext) -> None:
    """Neither publishing nor readiness takes another stream for ours."""
    await jetstream.add_stream(StreamConfig(name="THEIRS", subjects=[SUBJECTS]))
    with pytest.raises(StreamNotOursError, match="went to the stream THEIRS"):
        await bus.publish(event())
    assert "the stream THEIRS holds subjects of ringrift.events.>" in await complaint(bus)
    async with listening(bus):
        assert "THEIRS" in await complaint(bus)
        await jetstream.delete_stream("THEIRS")
        await require_round_trip(bus)


def test_f03_announcing_into_a_foreign_stream_is_said(nats_url: str) -> None:
    """`ringrift announce` does not take another stream's acknowledgement for the suite's."""

    async def prepare() -> None:
        async with bus_at(url=nats_url) as bus:
            client = await bus.connect()
            await client.jetstream().add_stream(StreamConfig(name="THEIRS", subjects=["ringrift.>"]))

    asyncio.run(prepare())
    words = ["announce", "--model", "models/a.pth", "--board-type", "hex8", "--num-players", "2", "--over", "nats"]
    done = CliRunner().invoke(app, words, env={"RINGRIFT_NATS_URL": nats_url})
    assert done.exit_code == 3
    assert "the event went to the stream THEIRS" in done.output


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"subjects": ["other.>"]}, "has the subjects other.>, not ringrift.events.>"),
        ({"subjects": [SUBJECTS], "retention": RetentionPolicy.WORK_QUEUE}, "has the retention workqueue, not limits"),
        ({"subjects": [SUBJECTS], "retention": RetentionPolicy.INTEREST}, "has the retention interest, not limits"),
        ({"subjects": [SUBJECTS], "no_ack": True}, "acknowledges nothing"),
        ({"mirror": StreamSource(name="ORIGIN")}, "is a mirror of ORIGIN"),
    ],
)
async def test_f03_a_stream_of_our_name_that_is_not_ours_is_said(
    bus: Bus, jetstream: JetStreamContext, wrong: dict[str, Any], words: str
) -> None:
    """What cannot be the suite's stream is named with what is wrong and what to do."""
    await jetstream.add_stream(StreamConfig(name="ORIGIN", subjects=["origin.>"]))
    await jetstream.add_stream(StreamConfig(name=STREAM, **wrong))
    said = await complaint(bus)
    assert words in said
    assert "rename or delete it" in said


async def test_f03_a_sealed_stream_is_said(bus: Bus, jetstream: JetStreamContext) -> None:
    """A stream that takes no more messages is not alive."""
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECTS]))
    info = await jetstream.stream_info(STREAM)
    await jetstream.update_stream(info.config.evolve(sealed=True))
    assert "is sealed" in await complaint(bus)


async def test_f03_a_deleted_stream_is_made_again_and_works(bus: Bus, jetstream: JetStreamContext) -> None:
    """Nothing but time is lost with the stream."""
    async with listening(bus) as received:
        await published(bus, first := event())
        await arrived(received, first)
        await jetstream.delete_stream(STREAM)
        await published(bus, second := event())
        await arrived(received, second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filter_subject": "ringrift.events.OTHER.>"},
        {"filter_subjects": ["ringrift.events.OTHER.>", "ringrift.events.SOME.>"]},
        {"ack_policy": AckPolicy.NONE},
        {"deliver_subject": "somewhere"},
        {"ack_policy": AckPolicy.ALL, "max_deliver": 3},
    ],
)
async def test_f03_a_consumer_of_our_name_is_made_ours(
    bus: Bus, jetstream: JetStreamContext, wrong: dict[str, Any]
) -> None:
    """Whatever was there under our durable name is updated or made anew."""
    await jetstream.add_stream(StreamConfig(name=STREAM, subjects=[SUBJECTS]))
    config = {"durable_name": "test", "ack_policy": AckPolicy.EXPLICIT, **wrong}
    await jetstream.add_consumer(STREAM, ConsumerConfig(**config))
    assert "the consumer test of RINGRIFT_EVENTS" in await complaint(bus)
    await require_round_trip(bus)
    assert (await jetstream.consumer_info(STREAM, "test")).config.max_deliver == -1


async def test_f03_a_consumer_changed_or_deleted_while_it_runs_comes_back(
    bus: Bus, jetstream: JetStreamContext
) -> None:
    """It is said, and mended by the service itself."""
    async with listening(bus) as received:
        await published(bus, first := event())
        await arrived(received, first)
        other = ConsumerConfig(durable_name="test", ack_policy=AckPolicy.EXPLICIT, ack_wait=30, max_ack_pending=64)
        await jetstream.add_consumer(STREAM, other.evolve(filter_subject="ringrift.events.OTHER.>"))
        assert "listens to ringrift.events.OTHER.>" in await complaint(bus)
        await published(bus, second := event())
        await arrived(received, second)
        await jetstream.delete_consumer(STREAM, "test")
        assert "has no consumer test just now" in await complaint(bus)
        await published(bus, third := event())
        await arrived(received, third)


async def test_f03_jetstream_off_is_said(tmp_path: Path) -> None:
    """Connected is not taken for working."""
    with Server(tmp_path, jetstream=None) as server:
        async with bus_at(url=f"nats://{server.place}") as bus:
            assert "JetStream is off" in await complaint(bus)
            with pytest.raises(NatsUnfitError, match="JetStream is off"):
                await bus.publish(event())


async def test_f03_permissions_that_lack_something_are_said(tmp_path: Path) -> None:
    """A login that may not ask JetStream is no timeout."""
    users = [{"user": "me", "password": "word", "permissions": {"publish": [SUBJECTS], "subscribe": ["_INBOX.>"]}}]
    with Server(tmp_path, authorization={"users": users}) as server:
        async with bus_at(url=f"nats://me:word@{server.place}") as bus:
            assert "too few permissions" in await complaint(bus)
    users[0]["permissions"] = {"publish": ["other"], "subscribe": ["_INBOX.>"]}
    with Server(tmp_path / "other", authorization={"users": users}) as server:
        async with bus_at(url=f"nats://me:word@{server.place}") as bus:
            with pytest.raises(NatsUnfitError, match="too few permissions"):
                await bus.publish(event())


async def test_f67_the_documented_permissions_are_enough(tmp_path: Path) -> None:
    """The sample of docs/servers.md, as it stands there, lets the promotion service and a trainer work."""
    with Server(tmp_path, more=accounts("word")) as server:
        bus = Bus(options(url=f"nats://promotion:word@{server.place}"), "promotion")
        async with bus_at(url=f"nats://trainer:word@{server.place}") as theirs, listening(bus, "promotion") as received:
            await published(bus, promoted_event())
            await published(theirs, sent := event())
            await arrived(received, sent)
        await bus.close()


async def test_f68_a_server_that_is_too_old_is_said(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    """Version 2.9 ignores a consumer's several filters without a word, so nothing is sent or taken there."""
    program = debian(tmp_path_factory.getbasetemp() / "debian")
    if program is None:
        pytest.skip("Debian's nats-server cannot be fetched here")
    with Server(tmp_path, program) as server:
        async with bus_at(url=f"nats://{server.place}") as bus:
            assert "and the suite needs 2.10 or later" in (said := await complaint(bus))
            assert "has version 2.9" in said
            with pytest.raises(NatsUnfitError, match="needs 2.10"):
                await bus.publish(event())


async def test_f67_more_replicas_than_servers_is_said(nats_server: Nats) -> None:
    """A single server keeps one copy; the existing stream goes on, and is not ready."""
    async with bus_at(url=nats_server.url, replicas=3) as bus:
        assert "RINGRIFT_NATS_REPLICAS=3" in await complaint(bus)
    async with bus_at(url=nats_server.url) as bus:
        await require_round_trip(bus)
    async with bus_at(url=nats_server.url, replicas=3) as bus, listening(bus) as received:
        await published(bus, sent := event())
        await arrived(received, sent)
        assert "is kept by 1 server(s), and RINGRIFT_NATS_REPLICAS=3" in await complaint(bus)
