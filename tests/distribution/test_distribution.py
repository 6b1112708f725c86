"""When a distribution has come to an end, and who is named."""

from datetime import UTC, datetime

import pytest

from services.distribution.delivery import Delivery
from services.distribution.distribution import Distribution, Standing
from services.distribution.node import KnownNode
from shared.contract.words import BreakerState, DeliveryState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
COMPLETE, LACKING = Standing(("node-1",), {}), Standing(("node-1",), {"node-2": "away"})


def node(name: str, unreached: str | None = None) -> KnownNode:
    """A registered node."""
    return KnownNode(name, f"http://{name}", NOW, {}, NOW, unreached, BreakerState.CLOSED)


def delivery(name: str, state: DeliveryState, detail: str | None = None) -> Delivery:
    """A delivery to a node."""
    return Delivery("hex8_2p", 3, name, "a" * 64, 100, state, 0, detail, NOW, NOW, NOW)


def test_g11_every_node_is_accounted_for_by_name() -> None:
    """Those that hold it, and of each other one the best reason that is known; nodes that are gone are not counted."""
    nodes = [node("d"), node("c", "away"), node("b"), node("a"), node("e", "away"), node("f", "away")]
    deliveries = [
        delivery("a", DeliveryState.DELIVERED), delivery("b", DeliveryState.PENDING, "disk full"),
        delivery("c", DeliveryState.PENDING, "disk full"), delivery("d", DeliveryState.FETCHING),
        delivery("e", DeliveryState.DELIVERED), delivery("gone", DeliveryState.PENDING),
    ]  # fmt: skip
    standing = Standing.of(nodes, deliveries)
    assert standing.held == ("a", "e")
    assert standing.missing == {"b": "disk full", "c": "away", "d": "fetching", "f": "away"}
    assert Standing.of([node("g")], []).missing == {"g": "not yet visited"}


def test_g11_most_of_them_is_not_complete() -> None:
    """All registered nodes, and at least one."""
    assert COMPLETE.is_complete
    assert not LACKING.is_complete
    assert not Standing((), {}).is_complete
    assert not Standing((), {"node-2": "away"}).is_complete


def test_f14_a_clock_that_is_set_back_does_not_keep_it_from_failing() -> None:
    """A start that lies further ahead than the time for it is of another clock, and its time is over."""
    for seconds, ending in ((-3600, "failed"), (-5, None)):
        assert Distribution("hex8_2p", 3, "a" * 64, seconds, has_failed=False).ending(LACKING, 300) == ending


@pytest.mark.parametrize(
    ("standing", "seconds", "has_failed", "ending"),
    [
        (COMPLETE, 1, False, "completed"),
        (COMPLETE, 1000, False, "completed"),
        (COMPLETE, 1000, True, "completed"),
        (LACKING, 299, False, None),
        (LACKING, 300, False, "failed"),
        (LACKING, 1000, True, None),
        (Standing((), {}), 1000, False, "failed"),
    ],
)
def test_it_fails_once_and_may_complete_later(
    standing: Standing, seconds: float, has_failed: bool, ending: str | None
) -> None:
    """Its time runs out once; being complete is said whenever it comes."""
    assert Distribution("hex8_2p", 3, "a" * 64, seconds, has_failed).ending(standing, 300) == ending


def test_a_node_is_alive_if_its_last_visit_succeeded() -> None:
    """One that never reported, or could not be reached, is not."""
    known = node("node-1")
    assert known.is_alive
    assert not node("node-1", "away").is_alive
    assert not KnownNode("node-1", "http://n", NOW, {}, None, None, BreakerState.CLOSED).is_alive
