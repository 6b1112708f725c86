"""What a node is said to hold: only what it said lately of the bytes on its disk, and never more than that."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.distribution.delivery import Head
from services.distribution.distribution import Standing
from services.distribution.holding import Holding, holdings
from services.distribution.node import Damage, Held, KnownNode
from shared.contract.delivery import HoldingState
from shared.contract.words import BreakerState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST, OTHER = "a" * 64, "b" * 64
HEAD = Head("hex8_2p", 3, DIGEST, 100)
HELD = Held(3, DIGEST, 100)
GOOD = KnownNode(
    "node-1", "http://n", NOW, {"hex8_2p": HELD}, NOW, None, BreakerState.CLOSED, age_seconds=30.0
)  # fmt: skip
SILENCE = 600.0


@pytest.mark.parametrize(
    ("changed", "state", "reason"),
    [
        ({}, HoldingState.OK, None),
        ({"models": {"hex8_2p": Held(2, OTHER, 9)}}, HoldingState.STALE, f"the node holds version 2 ({OTHER})"),
        ({"models": {"hex8_2p": Held(3, OTHER, 9)}}, HoldingState.STALE, f"the node holds version 3 ({OTHER})"),
        ({"models": {"hex8_3p": HELD}}, HoldingState.MISSING, "the node does not hold this model"),
        (
            {"models": {}, "damaged": {"hex8_2p": Damage(3, DIGEST, OTHER)}},
            HoldingState.CORRUPT,
            f"its file has digest {OTHER}, not {DIGEST}; it is fetched anew",
        ),
        (
            {"models": {}, "damaged": {"hex8_2p": Damage(3, DIGEST, None)}},
            HoldingState.CORRUPT,
            "its file cannot be read; it is fetched anew",
        ),
        ({"unreached": "away"}, HoldingState.UNKNOWN, "away"),
        ({"unreached": "away", "damaged": {"hex8_2p": Damage(3, DIGEST, None)}}, HoldingState.UNKNOWN, "away"),
        ({"age_seconds": None, "reported_at": None}, HoldingState.UNKNOWN, "not yet visited"),
        ({"age_seconds": SILENCE + 1}, HoldingState.UNKNOWN, "its last report is 601 s old"),
    ],
)
def test_g11_what_a_node_holds(changed: dict[str, object], state: HoldingState, reason: str | None) -> None:
    """Each state, with the reason in words; whatever is in doubt is unknown, and only `ok` is said to hold the model."""
    found = Holding.of(replace(GOOD, **changed), HEAD, SILENCE)  # type: ignore[arg-type]  # the names are KnownNode's
    assert (found.state, found.reason) == (state, reason)
    assert found.has_model == (state is HoldingState.OK)


def test_what_it_held_last_is_shown_whatever_the_state() -> None:
    """Version and digest are those of the last report."""
    found = Holding.of(replace(GOOD, unreached="away"), HEAD, SILENCE)
    assert (found.version, found.digest, found.reported_at) == (3, DIGEST, NOW)


def test_g11_who_still_has_to_prove_it_is_not_said_to_hold_it() -> None:
    """A delivery that was opened again outweighs an earlier report, and no better reason is replaced by it."""
    standing = Standing((), {"node-1": "reopened by request"})
    proven = Holding.of(GOOD, HEAD, SILENCE)
    assert proven.unless(Standing(("node-1",), {}), "node-1") == proven
    again = proven.unless(standing, "node-1")
    assert (again.state, again.reason, again.has_model) == (HoldingState.UNKNOWN, "reopened by request", False)
    away = Holding.of(replace(GOOD, unreached="away"), HEAD, SILENCE)
    assert away.unless(standing, "node-1") == away


def test_each_configuration_has_its_own() -> None:
    """By the canonical versions there are, whatever else is on the disk."""
    other = Head("square8_2p", 1, OTHER, 5)
    found = holdings(GOOD, [HEAD, other], SILENCE)
    assert {key: each.state for key, each in found.items()} == {
        "hex8_2p": HoldingState.OK, "square8_2p": HoldingState.MISSING,
    }  # fmt: skip
