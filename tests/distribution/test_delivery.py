"""The states of a delivery, who may move them, and how a node's report decides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.distribution.delivery import Delivery, Head, Progress, assess
from services.distribution.node import Fetch, Held, Report
from shared.contract.words import DeliveryState

PENDING, FETCHING, DELIVERED, SUPERSEDED = DeliveryState
HEAD = Head("hex8_2p", 3, "a" * 64, 100)
DIGESTS = st.sampled_from(["a" * 64, "b" * 64])
HELD = st.none() | st.builds(Held, st.sampled_from([2, 3]), DIGESTS, st.just(100))
FETCH = st.none() | st.builds(
    Fetch, st.sampled_from([2, 3]), DIGESTS, st.integers(0, 100), st.none() | st.just("disk full")
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
Move = Callable[[Delivery], Delivery]
ARRIVED = Progress(HEAD, DELIVERED, 100)
MOVES: dict[str, Move] = {
    "arrived": lambda delivery: delivery.progressed(ARRIVED),
    "fetching": lambda delivery: delivery.progressed(Progress(HEAD, FETCHING, 40)),
    "lost": lambda delivery: delivery.progressed(Progress(HEAD, PENDING, 0, "the node does not hold this model")),
    "unreached": lambda delivery: delivery.unreached("connection refused"),
    "reopened": Delivery.reopened,
    "overtaken": lambda delivery: delivery.superseded_by(4),
}
ALLOWED = {
    PENDING: dict(zip(MOVES, (DELIVERED, FETCHING, PENDING, PENDING, PENDING, SUPERSEDED), strict=True)),
    FETCHING: dict(zip(MOVES, (DELIVERED, FETCHING, PENDING, PENDING, PENDING, SUPERSEDED), strict=True)),
    DELIVERED: dict(zip(MOVES, (DELIVERED, FETCHING, PENDING, DELIVERED, PENDING, DELIVERED), strict=True)),
    SUPERSEDED: dict.fromkeys(MOVES, SUPERSEDED),
}


def delivery(state: DeliveryState) -> Delivery:
    """A delivery of the head in a state."""
    delivered_at = NOW if state is DELIVERED else None
    return Delivery("hex8_2p", 3, "node-1", "a" * 64, 100, state, 7, "as before", NOW, NOW, delivered_at)


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("move", MOVES)
def test_who_may_move_a_delivery(state: DeliveryState, move: str) -> None:
    """Each move leads where it may; one that does not change the state of an end changes nothing at all."""
    before = delivery(state)
    after = MOVES[move](before)
    assert after.state is ALLOWED[state][move]
    if state is SUPERSEDED or (state is DELIVERED and after.state is DELIVERED and move != "arrived"):
        assert after is before


def test_a_report_is_taken_over_whole() -> None:
    """State, bytes and reason are the report's, and nothing else changes."""
    before = delivery(PENDING)
    assert before.progressed(Progress(HEAD, FETCHING, 40, "x")) == replace(
        before, state=FETCHING, bytes_done=40, detail="x"
    )


def test_a_failed_visit_leaves_the_reason_and_the_bytes() -> None:
    """What had arrived is still there for a resume."""
    before = delivery(FETCHING)
    assert before.unreached("away") == replace(before, state=PENDING, detail="away")


def test_a_reopened_delivery_proves_itself_from_the_start() -> None:
    """Nothing is left of the earlier proof."""
    before = delivery(DELIVERED)
    assert before.reopened() == replace(
        before, state=PENDING, bytes_done=0, detail="reopened by request", delivered_at=None
    )


@pytest.mark.parametrize("version", [1, 3])
def test_only_a_higher_version_supersedes(version: int) -> None:
    """A delivery is not overtaken by its own version, nor by a lower one."""
    before = delivery(PENDING)
    assert before.superseded_by(version) is before
    assert before.superseded_by(4) == replace(before, state=SUPERSEDED, detail="superseded by version 4")


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=20))
def test_g11_delivered_is_only_what_the_node_reported(moves: list[str]) -> None:
    """Whatever happens in whatever order: it is delivered exactly from the node's report until something says otherwise."""
    now, expected = delivery(PENDING), PENDING
    for move in moves:
        now, expected = MOVES[move](now), ALLOWED[expected][move]
        assert now.state is expected
        assert now.is_delivered == (expected is DELIVERED)


@given(HELD, FETCH, st.sampled_from(["hex8_2p", "hex8_3p"]))
def test_g11_only_the_digest_on_the_disk_makes_it_delivered(held: Held | None, fetch: Fetch | None, key: str) -> None:
    """Neither a finished transfer nor another version or configuration counts."""
    report = Report("node-1", {key: held} if held else {}, {key: fetch} if fetch else {})
    progress = assess(HEAD, report)
    holds = key == "hex8_2p" and held is not None and (held.version, held.digest) == (3, "a" * 64)
    assert (progress.state is DeliveryState.DELIVERED) == holds
    assert holds or progress.state is DeliveryState.FETCHING or progress.detail


def test_what_a_report_says_of_a_delivery() -> None:
    """Held, on its way, failed on its way, another version held, nothing held."""
    old, wanted = Held(2, "b" * 64, 90), Held(3, "a" * 64, 100)
    cases = [
        (wanted, None, (DELIVERED, 100, None)),
        (wanted, Fetch(3, "a" * 64, 50), (DELIVERED, 100, None)),
        (old, Fetch(3, "a" * 64, 50), (FETCHING, 50, None)),
        (old, Fetch(3, "a" * 64, 50, "disk full"), (PENDING, 50, "disk full")),
        (old, Fetch(2, "a" * 64, 50), (PENDING, 0, "the node holds version 2")),
        (None, Fetch(3, "b" * 64, 50), (PENDING, 0, "the node does not hold this model")),
    ]
    for held, fetch, expected in cases:
        report = Report("node-1", {"hex8_2p": held} if held else {}, {"hex8_2p": fetch} if fetch else {})
        progress = assess(HEAD, report)
        assert (progress.head, progress.state, progress.bytes_done, progress.detail) == (HEAD, *expected)
