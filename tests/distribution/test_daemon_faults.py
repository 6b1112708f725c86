"""The UnifiedDistributionDaemon and what breaks: nodes that hang or are down, records that fail, processes that end."""

import asyncio

import pytest

from services.distribution.daemon import CONCURRENT_VISITS
from services.distribution.daemon_state import DaemonState
from shared.contract.words import BreakerState, DeliveryState
from tests.distribution.cluster import SECONDS, VISIT_SECONDS, Cluster, passing
from tests.kit.fakes_distribution import head
from tests.kit.virtual_time import in_virtual_time


@pytest.mark.parametrize("question", ["report", "order"])
@in_virtual_time
async def test_g13_one_node_that_hangs_delays_nobody(question: str) -> None:
    """The other has the model at once; the one that hangs is given up after its time, counted, and visited once at a time."""
    cluster = Cluster()
    silent = cluster.add("node-1")
    cluster.add("node-2")
    silent.hangs = question
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered("node-2", seconds=VISIT_SECONDS / 2)
        await passing(VISIT_SECONDS)
        assert cluster.records.state("node-1") == (DeliveryState.PENDING, "no answer within 10 s")
        await cluster.until(lambda: cluster.breaker("node-1") is BreakerState.OPEN, 3 * VISIT_SECONDS + 3)
        silent.hangs = ""
        await cluster.delivered("node-1", seconds=40)
    assert silent.most_under_way == 1


@in_virtual_time
async def test_g13_more_nodes_than_visits_at_once() -> None:
    """However many hang, no more than the permitted number of visits is under way, and every other node converges."""
    cluster = Cluster()
    silent = [cluster.add(f"silent-{number}") for number in range(CONCURRENT_VISITS)]
    names = [f"node-{number}" for number in range(50)]
    for name in names:
        cluster.add(name)
    for node in silent:
        node.hangs = "report"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(VISIT_SECONDS / 2)
        assert sum(node.under_way for node in cluster.nodes.by_url.values()) == CONCURRENT_VISITS
        await cluster.delivered(*names, seconds=2 * VISIT_SECONDS)


@in_virtual_time
async def test_g13_the_breaker_opens_and_lets_one_probe_through() -> None:
    """Three failures open it; then each pause, doubling up to its cap, ends with exactly one visit."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    async with cluster.running():
        await passing(62)
        assert cluster.breaker("node-1") is BreakerState.OPEN
        assert "node-1" in cluster.records.remembered
    assert node.visits == [0, 1, 2, 4, 8, 16, 31, 46, 61]


@in_virtual_time
async def test_g13_a_probe_that_succeeds_closes_it() -> None:
    """The node is visited with every pass again, and the records remember the closed breaker."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    async with cluster.running():
        await passing(2.5)
        node.down = ""
        await passing(4)
        assert cluster.breaker("node-1") is BreakerState.CLOSED
    assert node.visits == [0, 1, 2, 4, 5, 6]
    assert cluster.records.remembered["node-1"].state is BreakerState.CLOSED


@in_virtual_time
async def test_g13_a_cancelled_probe_returns_its_permit() -> None:
    """The process ends while a probe is on its way: the node is not blamed, and the next process probes at once."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(2.5)
        node.down, node.hangs = "", "report"
        await cluster.until(lambda: node.under_way == 1)
    assert (node.given_up, node.under_way) == (1, 0)
    assert cluster.records.remembered["node-1"].state is BreakerState.HALF_OPEN
    node.hangs = ""
    async with cluster.running():
        await cluster.delivered("node-1", seconds=3)


@in_virtual_time
async def test_g13_an_open_breaker_survives_a_restart() -> None:
    """The next process neither visits before the pause is over nor forgets the node."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    async with cluster.running():
        await passing(8.5)
    visits = len(node.visits)
    cluster.state = DaemonState(SECONDS)
    async with cluster.running():
        await passing(6)
        assert cluster.breaker("node-1") is BreakerState.OPEN
        assert len(node.visits) == visits
        await cluster.until(lambda: len(node.visits) == visits + 1, 3)


@in_virtual_time
async def test_g13_a_node_under_another_name_is_named_and_not_counted() -> None:
    """The agent at the address calls itself otherwise: nothing is ordered, and the breaker stays closed."""
    cluster = Cluster()
    node = cluster.nodes.add("node-1")
    cluster.records.register("node-9", "http://node-1")
    cluster.records.promote(head(1))
    async with cluster.running():
        await passing(30)
        assert cluster.breaker("node-9") is BreakerState.CLOSED
    assert node.orders == []
    reason = "the agent at http://node-1 calls itself 'node-1'; register it under that name"
    assert cluster.records.state("node-9") == (DeliveryState.PENDING, reason)
    assert cluster.records.nodes["node-9"].unreached == reason


@in_virtual_time
async def test_g13_records_that_fail_do_not_count_against_a_node() -> None:
    """The database fails while a report is recorded, again and again: the breaker stays closed, and a later pass delivers."""
    cluster = Cluster()
    cluster.add("node-1")
    cluster.records.promote(head(1))
    async with cluster.running():
        cluster.records.broken.add("record_report")
        await passing(20)
        assert cluster.breaker("node-1") is BreakerState.CLOSED
        assert cluster.records.state("node-1")[0] is DeliveryState.PENDING
        cluster.records.broken.clear()
        await cluster.delivered("node-1", seconds=3)


@in_virtual_time
async def test_records_that_fail_end_the_run_and_its_visits() -> None:
    """Whoever keeps the daemon running starts it again; no visit is left behind, and what is shown says so."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.hangs = "report"
    cluster.records.promote(head(1))
    async with cluster.running() as run:
        await passing(0.5)
        assert cluster.state.status == "running"
        cluster.records.broken.add("open_deliveries")
        await asyncio.wait([run])
        assert isinstance(run.exception(), OSError)
    assert (cluster.state.status, node.under_way) == ("stopped", 0)
    cluster.records.broken.clear()
    node.hangs = ""
    async with cluster.running():
        await cluster.delivered("node-1", seconds=3)


@in_virtual_time
async def test_a_breaker_that_cannot_be_saved_is_kept_in_memory() -> None:
    """The breaker opens all the same; its next change is saved."""
    cluster = Cluster()
    node = cluster.add("node-1")
    node.down = "connection refused"
    cluster.records.broken.add("save_breaker")
    async with cluster.running():
        await passing(2.5)
        assert cluster.breaker("node-1") is BreakerState.OPEN
        assert cluster.records.remembered == {}
        cluster.records.broken.clear()
        await passing(3)
    assert cluster.records.remembered["node-1"].trips == 2
