"""The UnifiedDistributionDaemon converges: over nodes that behave as told and records in memory, in virtual time."""

from datetime import timedelta
from itertools import pairwise

from shared.contract.words import BreakerState, DeliveryState
from tests.distribution.cluster import VISIT_SECONDS, Cluster, passing
from tests.kit.fakes_distribution import FakeRecords, head
from tests.kit.virtual_time import in_virtual_time, virtual_now


@in_virtual_time
async def test_a_promoted_version_arrives_everywhere() -> None:
    """Every node is ordered to hold it once, and the distribution is complete with all of them."""
    cluster = Cluster()
    nodes = [cluster.add(name) for name in ("node-1", "node-2")]
    async with cluster.running():
        cluster.records.promote(head(1))
        await cluster.delivered("node-1", "node-2")
        await passing(20)
    assert [[each for _, each in node.orders] for node in nodes] == [[head(1)], [head(1)]]
    assert [(ending, standing.held) for ending, _, standing in cluster.records.said] == [
        ("completed", ("node-1", "node-2"))
    ]


@in_virtual_time
async def test_a_commit_starts_a_pass_at_once() -> None:
    """A promotion is not left waiting for the next sweep."""
    cluster = Cluster()
    node = cluster.add("node-1")
    async with cluster.running():
        await passing(0.25)
        cluster.records.promote(head(1))
        await passing(0.25)
        assert [when for when, _ in node.orders] == [0.25]


@in_virtual_time
async def test_g12_a_node_that_was_down_converges() -> None:
    """It is away for an hour, and has the model soon after it is back."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    async with cluster.running():
        cluster.records.promote(head(1))
        await passing(3600)
        assert cluster.records.state("node-1") == (DeliveryState.PENDING, "connection refused")
        node.down = ""
        await cluster.delivered("node-1", seconds=20)


@in_virtual_time
async def test_g12_a_new_node_converges() -> None:
    """A node that is registered after the promotion gets the model without another event."""
    cluster = Cluster()
    cluster.add("node-1")
    async with cluster.running():
        cluster.records.promote(head(1))
        await cluster.delivered("node-1")
        cluster.add("node-2")
        await passing(0.1)
        await cluster.delivered("node-2", seconds=3)


@in_virtual_time
async def test_g12_a_node_that_lost_its_disk_converges() -> None:
    """Its own report shows that the model is gone; it is ordered again, whatever the records said before."""
    cluster = Cluster()
    node = cluster.add("node-1")
    async with cluster.running():
        cluster.records.promote(head(1))
        await cluster.delivered("node-1")
        node.held.clear()
        node.fetch_seconds = 5
        await cluster.until(lambda: cluster.records.state("node-1")[0] is DeliveryState.FETCHING, 3)
        await cluster.delivered("node-1", seconds=7)
    assert [each for _, each in node.orders] == [head(1), head(1)]


@in_virtual_time
async def test_g10_a_higher_version_overtakes_one_on_its_way() -> None:
    """The first is still being fetched when the second is promoted: it ends superseded, and the node holds the second."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.fetch_seconds = 30
    async with cluster.running():
        cluster.records.promote(head(1))
        await cluster.until(lambda: cluster.opened and cluster.records.state("node-1")[0] is DeliveryState.FETCHING)
        cluster.records.promote(head(2))
        await passing(5)
        await cluster.delivered("node-1")
    assert cluster.records.deliveries["hex8_2p", 1, "node-1"].state is DeliveryState.SUPERSEDED
    assert node.versions == {"hex8_2p": 2}


@in_virtual_time
async def test_every_configuration_is_ordered_in_one_visit() -> None:
    """A node that lacks three models is told of all three at its next visit."""
    cluster = Cluster()
    node = cluster.add("node-1")
    for key in ("hex8_2p", "hex8_3p", "square8_2p"):
        cluster.records.promote(head(1, key))
    async with cluster.running():
        await passing(0.5)
        assert len(node.visits) == 1
        assert {each.configuration for _, each in node.orders} == {"hex8_2p", "hex8_3p", "square8_2p"}


@in_virtual_time
async def test_a_refused_order_is_repeated_after_growing_pauses() -> None:
    """1, 2, 4, 8, 16, 32 and then always 32 seconds; the breaker stays closed."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.refusal = "the disk is full"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(100)
        assert cluster.breaker("node-1") is BreakerState.CLOSED
    times = [when for when, _ in node.orders]
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4, 8, 16, 32, 32]


@in_virtual_time
async def test_a_new_version_is_ordered_without_a_pause() -> None:
    """The pauses of an order that fails are of that version; they begin anew with the next."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.refusal = "the disk is full"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(40)
        cluster.records.promote(head(2))
        await passing(1.5)
    assert [when for when, each in node.orders if each == head(2)] == [40, 41]


@in_virtual_time
async def test_an_order_that_was_taken_up_begins_anew() -> None:
    """Once the node fetches, an earlier failure is forgotten: a disk lost later is mended without a pause."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.refusal = "the disk is full"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(17)
        node.refusal = ""
        await cluster.delivered("node-1")
        node.held.clear()
        await cluster.until(lambda: node.held != {}, 3)


@in_virtual_time
async def test_retry_now_repeats_at_once() -> None:
    """An operator's request waits for no pause: of an order that was refused, nor of a breaker that is open."""
    cluster = Cluster()
    full, down = cluster.add("node-1"), cluster.add("node-2")
    full.refusal, down.down = "the disk is full", "connection refused"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(40)
        assert cluster.breaker("node-2") is BreakerState.OPEN
        ordered, visited = len(full.orders), len(down.visits)
        full.refusal = down.down = ""
        cluster.state.retry_now()
        await passing(1)
        assert (len(full.orders), len(down.visits)) == (ordered + 1, visited + 1)
        await cluster.delivered("node-1", "node-2", seconds=3)


@in_virtual_time
async def test_f14_a_clock_that_is_set_back_holds_nobody_up() -> None:
    """An hour back while a breaker is open and an order was refused: both nodes are tried again as soon as ever."""
    cluster = Cluster()
    full, down = cluster.add("node-1"), cluster.add("node-2")
    full.refusal, down.down = "the disk is full", "connection refused"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(40)
        full.refusal = down.down = ""
        cluster.behind = timedelta(hours=1)
        await cluster.delivered("node-1", "node-2", seconds=5)


@in_virtual_time
async def test_g11_an_overdue_distribution_is_closed_once() -> None:
    """It fails by name after its time, once; when the node is back it completes, once."""
    cluster = Cluster(FakeRecords(timeout=30))
    cluster.add("node-1")
    lacking = cluster.add("node-2")
    lacking.down = "connection refused"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(29)
        assert cluster.records.said == []
        await passing(100)
        [(ending, version, standing)] = cluster.records.said
        assert (ending, version, standing.held) == ("failed", 1, ("node-1",))
        assert standing.missing == {"node-2": "connection refused"}
        lacking.down = ""
        await cluster.delivered("node-2")
        await passing(100)
    assert [ending for ending, _, _ in cluster.records.said] == ["failed", "completed"]


@in_virtual_time
async def test_a_node_removed_meanwhile_is_waited_for_no_longer() -> None:
    """It hangs while it is removed: the distribution completes without it, and nothing of it comes back."""
    cluster = Cluster()
    cluster.add("node-1")
    silent = cluster.add("node-2")
    silent.hangs = "report"
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered("node-1", seconds=3)
        assert cluster.records.said == []
        cluster.records.remove("node-2")
        await passing(1.5)
        assert [(ending, standing.held) for ending, _, standing in cluster.records.said] == [("completed", ("node-1",))]
        await passing(VISIT_SECONDS)
        assert list(cluster.state.breakers) == ["node-1"]
    assert list(cluster.records.nodes) == ["node-1"]
    assert "node-2" not in cluster.records.remembered
    assert len(silent.visits) == 1


@in_virtual_time
async def test_a_node_that_comes_back_is_a_new_one() -> None:
    """Removed with an open breaker and registered again: it is visited at once."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(20)
        assert cluster.breaker("node-1") is BreakerState.OPEN
        cluster.records.remove("node-1")
        await passing(1)
        assert cluster.state.breakers == {}
        node.down = ""
        cluster.records.register("node-1")
        await cluster.until(lambda: node.versions == {"hex8_2p": 1}, 3)


@in_virtual_time
async def test_what_is_shown_of_it() -> None:
    """It is starting, then running with the time of the last pass, then stopped."""
    cluster = Cluster()
    assert (cluster.state.status, cluster.state.last_pass_at) == ("starting", None)
    async with cluster.running():
        await passing(2.5)
        assert str(cluster.state.status) == "running"
        assert cluster.state.last_pass_at is not None
        assert (virtual_now() - cluster.state.last_pass_at).total_seconds() == 0.5
    assert cluster.state.status == "stopped"
