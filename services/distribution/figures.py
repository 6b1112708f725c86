"""The distribution service's figures for Prometheus. Nothing is decided by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from prometheus_client import Gauge, Histogram

from services.distribution.holding import Holding
from shared.contract.delivery import HoldingState
from shared.contract.words import BreakerState

SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 900, 3600)
LAG = Gauge(
    "ringrift_distribution_node_lag_seconds",
    "For how long a node has lacked a version that it should hold; nodes that hold all are left out",
    ["node"],
)
HOLDINGS = Gauge("ringrift_distribution_holdings", "What nodes hold of the canonical versions, by state", ["state"])
BREAKERS = Gauge("ringrift_distribution_breakers", "Breakers of nodes, by state", ["state"])
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
    lags: Mapping[str, float], holdings: Iterable[Holding], breakers: Iterable[BreakerState], *, suspicion: bool
) -> None:
    """The figures of one moment."""
    LAG.clear()
    for node, seconds in lags.items():
        LAG.labels(node).set(max(seconds, 0))
    _count(HOLDINGS, [each.state for each in holdings], HoldingState)
    _count(BREAKERS, breakers, BreakerState)
    SUSPICION.set(suspicion)


def _count(gauge: Gauge, found: Iterable[str], states: Iterable[str]) -> None:
    numbers = Counter(found)
    for state in states:
        gauge.labels(state).set(numbers[state])
