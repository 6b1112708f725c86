"""The distribution service's figures for Prometheus. Nothing is decided by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from prometheus_client import Gauge, Histogram

from services.distribution.holding import Holding
from shared.contract.delivery import HoldingState
from shared.contract.words import BreakerState
from shared.process import gauges

SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
LAG = Gauge(
    "ringrift_distribution_node_lag_seconds",
    "For how long a node has lacked a version that it should hold; nodes that hold all are left out",
    ["node"],
)
HOLDINGS = Gauge("ringrift_distribution_holdings", "What nodes hold of the canonical versions, by state", ["state"])
BREAKERS = Gauge("ringrift_distribution_breakers", "Breakers of nodes, by state", ["state"])
NOT_CLOSED = Gauge(
    "ringrift_distribution_breaker_open",
    "1 while a node's breaker is not closed, which is to be probed too, else 0",
    ["node"],
)
SUSPICION = Gauge(
    "ringrift_distribution_suspicion", "1 while most nodes fail at once, so that this service is suspected"
)
DELIVERED = Histogram(
    "ringrift_distribution_delivered_seconds",
    "From opening a delivery to the node's report that it has it",
    buckets=SECONDS,
)
PLAYED = Histogram(
    "ringrift_distribution_played_seconds",
    "From opening a delivery to the node's report that it is played with",
    buckets=SECONDS,
)


def show(
    lags: Mapping[str, float], holdings: Iterable[Holding], breakers: Mapping[str, BreakerState], *, suspicion: bool
) -> None:
    """The figures of one moment."""
    gauges.show(LAG, {node: max(seconds, 0) for node, seconds in lags.items()})
    gauges.show(NOT_CLOSED, {node: float(state is not BreakerState.CLOSED) for node, state in breakers.items()})
    _count(HOLDINGS, [each.state for each in holdings], HoldingState)
    _count(BREAKERS, breakers.values(), BreakerState)
    SUSPICION.set(suspicion)


def _count(gauge: Gauge, found: Iterable[str], states: Iterable[str]) -> None:
    numbers = Counter(found)
    for state in states:
        gauge.labels(state).set(numbers[state])
