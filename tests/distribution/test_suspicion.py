"""Most nodes fail at once: this side is suspected, and no breaker opens for it."""

from datetime import UTC, datetime, timedelta

import pytest

from services.distribution.suspicion import Suspicion
from shared.contract.words import BreakerState
from tests.distribution.cluster import Cluster, passing
from tests.kit.fakes_distribution import head
from tests.kit.virtual_time import in_virtual_time

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("nodes", "failing", "apart", "raised"),
    [
        (4, 3, 0, True),
        (4, 2, 0, False),
        (5, 3, 29, True),
        (5, 3, 31, False),
        (2, 2, 0, False),
        (3, 3, 0, True),
        (1000, 501, 0.05, True),
        (1000, 500, 0, False),
    ],
)
def test_most_of_them_within_a_while(nodes: int, failing: int, apart: float, raised: bool) -> None:
    """More than half, and at least three; nodes that fail one after another over a longer time each have a cause of their own."""
    suspicion = Suspicion(at_once=60, rest=20)
    suspicion.keep_only([f"n{number}" for number in range(nodes)])
    for number in range(failing):
        suspicion.failed(f"n{number}", START + timedelta(seconds=apart * number))
    assert suspicion.is_raised == raised
    assert (suspicion.in_words is not None) == raised
    for number in range(failing):
        suspicion.worked(f"n{number}")
    assert not suspicion.is_raised


@in_virtual_time
async def test_g13_breakers_stay_closed_while_most_nodes_fail_at_once() -> None:
    """The network of this side is away for ten minutes: no breaker opens, it is said, and all converge soon after it is back."""
    cluster = Cluster()
    nodes = [cluster.add(f"node-{number}") for number in range(7)]
    cluster.records.promote(head(1))
    async with cluster.running():
        await cluster.delivered(*(node.name for node in nodes))
        for node in nodes[:5]:
            node.down = "no route"
        cluster.records.promote(head(2))
        await passing(600)
        assert {cluster.breaker(node.name) for node in nodes} == {BreakerState.CLOSED}
        assert "5 of 7 nodes fail" in (cluster.state.suspicion.in_words or "")
        assert all(len(node.visits) < 150 for node in nodes[:5]), "they have rests meanwhile"
        for node in nodes:
            node.down = ""
        await cluster.delivered(*(node.name for node in nodes), seconds=30)
        assert cluster.state.suspicion.in_words is None


@in_virtual_time
async def test_g13_a_few_that_fail_open_their_breakers() -> None:
    """Two of five are away: they are what is broken."""
    cluster = Cluster()
    nodes = [cluster.add(f"node-{number}") for number in range(5)]
    async with cluster.running():
        cluster.records.promote(head(1))
        for node in nodes[:2]:
            node.down = "no route"
        await passing(30)
        states = [cluster.breaker(node.name) for node in nodes]
    assert BreakerState.CLOSED not in states[:2]
    assert set(states[2:]) == {BreakerState.CLOSED}
    assert cluster.state.suspicion.in_words is None
