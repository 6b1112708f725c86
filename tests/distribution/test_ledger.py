"""What counts as a difference between the ledger and the desired versions, and for how long it may last."""

from datetime import UTC, datetime, timedelta

import pytest

from services.distribution.delivery import Head
from services.distribution.ledger import Beside, Claim, LedgerComparison, LedgerDiffersError, LedgerHeads, Reference

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = Reference(1, "a" * 64), Reference(2, "b" * 64)


def at(seconds: float) -> datetime:
    """A moment."""
    return START + timedelta(seconds=seconds)


def here(reference: Reference, configuration: str = "hex8_2p") -> Head:
    """A desired version."""
    return Head(configuration, reference.version, reference.digest, 5)


def look(comparison: LedgerComparison, ledger: dict[str, Reference], heads: list[Head], now: datetime) -> None:
    """The ledger was read, and no node is ahead of it."""
    comparison.compared(LedgerHeads(0, ledger), Beside(heads, [], 2), now)


@pytest.fixture
def comparison() -> LedgerComparison:
    """Nothing is known yet, and the feed needs ten seconds."""
    return LedgerComparison(timedelta(seconds=10))


async def test_f55_before_the_ledger_was_read_nothing_is_said(comparison: LedgerComparison) -> None:
    """Neither that it agrees nor that it differs, and a ledger that is away keeps nobody from being ready."""
    comparison.missed("connection refused")
    assert (comparison.agrees, comparison.differences, comparison.unreached) == (None, [], "connection refused")
    await comparison.require_agreement()


@pytest.mark.parametrize(
    ("ledger", "heads"),
    [
        ({"hex8_2p": SECOND}, [here(FIRST)]),
        ({"hex8_2p": FIRST}, [here(SECOND)]),
        ({"hex8_2p": FIRST}, [here(Reference(1, "b" * 64))]),
        ({"hex8_2p": FIRST}, []),
        ({}, [here(FIRST)]),
        ({"hex8_2p": FIRST, "hex8_3p": FIRST}, [here(FIRST), here(SECOND, "hex8_3p")]),
    ],
)
async def test_f55_a_difference_that_lasts_is_one(
    comparison: LedgerComparison, ledger: dict[str, Reference], heads: list[Head]
) -> None:
    """Behind, ahead, other bytes, missing on either side: it is one once it lasts longer than the feed needs."""
    look(comparison, ledger, heads, at(0))
    look(comparison, ledger, heads, at(9))
    assert comparison.agrees
    look(comparison, ledger, heads, at(10))
    assert comparison.agrees is False
    [difference] = comparison.differences
    assert (difference.since, comparison.checked_at) == (at(0), at(10))
    with pytest.raises(LedgerDiffersError, match=f"of {difference.configuration} the ledger has"):
        await comparison.require_agreement()
    comparison.missed("connection refused")
    assert comparison.agrees is False


async def test_f55_who_follows_does_not_differ(comparison: LedgerComparison) -> None:
    """A promotion every few seconds keeps the nodes one behind at each look, and that is no difference; agreement ends one."""
    for version in range(1, 20):
        behind = Reference(version, "a" * 64)
        look(comparison, {"hex8_2p": Reference(version + 1, "b" * 64)}, [here(behind)], at(5 * version))
        assert comparison.agrees
    for seconds in (200, 220):
        look(comparison, {"hex8_2p": SECOND}, [here(FIRST)], at(seconds))
    assert comparison.agrees is False
    look(comparison, {"hex8_2p": SECOND}, [here(SECOND)], at(221))
    assert comparison.agrees
    await comparison.require_agreement()


async def test_f14_a_clock_that_is_set_back_hides_no_difference(comparison: LedgerComparison) -> None:
    """A difference lasts at least since the earliest moment at which it was seen."""
    for seconds in (3600, 0, 10):
        look(comparison, {"hex8_2p": SECOND}, [here(FIRST)], at(seconds))
    assert comparison.agrees is False


def claims(comparison: LedgerComparison, names: list[str], nodes: int, *seconds: float) -> None:
    """At these moments these nodes, of so many, were ahead of a ledger that agrees with what is desired."""
    beyond = [Claim(name, "hex8_2p", 0, 3) for name in names]
    for each in seconds:
        comparison.compared(LedgerHeads(0, {"hex8_2p": FIRST}), Beside([here(FIRST)], beyond, nodes), at(each))


async def test_f57_nodes_that_stay_ahead_say_that_the_ledger_went_back(comparison: LedgerComparison) -> None:
    """Half of them are enough; whoever was only quicker than the ledger was read is not ahead."""
    claims(comparison, ["node-1"], 2, 0, 9)
    assert (comparison.nodes_ahead, comparison.is_behind) == (0, False)
    claims(comparison, ["node-1"], 2, 10)
    assert (comparison.nodes_ahead, comparison.is_behind, comparison.agrees) == (1, True, True)
    with pytest.raises(
        LedgerDiffersError, match="1 of 2 nodes .* node-1 holds version 3 of hex8_2p; if it was restored"
    ):
        await comparison.require_agreement()
    claims(comparison, [], 2, 20)
    await comparison.require_agreement()


async def test_f57_one_node_of_many_is_named_and_stops_nobody(comparison: LedgerComparison) -> None:
    """It may lie: whoever owns one node cannot make the service say that it is not ready."""
    claims(comparison, ["node-1"], 3, 0, 10)
    assert [str(each) for each in comparison.ahead] == ["node-1 holds version 3 of hex8_2p"]
    await comparison.require_agreement()
