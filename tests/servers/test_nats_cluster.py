"""A cluster of three NATS servers: the suite goes on when one is lost, and says so when too many are."""

from pathlib import Path

from shared.messaging.permissions import STREAM
from tests.kit.nats_servers import Cluster
from tests.kit.waiting import async_until
from tests.servers.nats_use import TYPE, arrived, bus_at, complaint_of, event, listening, published, require_round_trip


async def test_f67_one_of_three_servers_may_be_lost(tmp_path: Path) -> None:
    """A stream with three replicas: any one server is killed, publishing and consuming go on; two, and it is said."""
    with Cluster(tmp_path) as cluster:
        async with bus_at(url=cluster.url, replicas=3) as bus, listening(bus) as received:
            await published(bus, first := event())
            await arrived(received, first)
            client = await bus.connect()
            info = await client.jetstream().stream_info(STREAM)
            assert info.config.num_replicas == 3
            assert info.cluster is not None
            leader = cluster.named(str(info.cluster.leader))
            leader.process.kill()
            await published(bus, second := event())
            await arrived(received, second)
            [other, _] = [each for each in cluster.servers if each is not leader]
            other.process.kill()
            await complaint_of("RINGRIFT_EVENTS", bus)
            leader.start()
            await published(bus, third := event())
            await arrived(received, third)


async def test_f67_replicas_asked_for_later_are_given(tmp_path: Path) -> None:
    """A stream with one copy gets three once the setting says so; a process that asks for fewer takes none away."""
    with Cluster(tmp_path) as cluster:
        async with bus_at(url=cluster.url) as bus:
            await published(bus, event())
        async with bus_at(url=cluster.url, replicas=3) as bus:
            await require_round_trip(bus)
        async with bus_at(url=cluster.url) as bus:
            await bus.check("test", [TYPE])
            client = await bus.connect()

            async def replicas() -> bool:
                info = await client.jetstream().stream_info(STREAM)
                return bool(info.config.num_replicas == 3)

            await async_until(replicas)
