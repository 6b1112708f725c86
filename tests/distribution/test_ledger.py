"""What counts as a difference between the ledger and the desired versions, and for how long it may last."""

from datetime import UTC, datetime, timedelta

import pytest

from services.distribution.delivery import Head
from services.distribution.ledger import LedgerComparison, LedgerDiffersError, Reference

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = Reference(1, "a" * 64), Reference(2, "b" * 64)


def at(seconds: float) -> datetime:
    """A moment."""
    return START + timedelta(seconds=seconds)


def here(reference: Reference, configuration: str = "hex8_2p") -> Head:
    """A desired version."""
    return Head(configuration, reference.version, reference.digest, 5)


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
    comparison.compared(ledger, heads, at(0))
    comparison.compared(ledger, heads, at(9))
    assert comparison.agrees
    comparison.compared(ledger, heads, at(10))
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
        comparison.compared({"hex8_2p": Reference(version + 1, "b" * 64)}, [here(behind)], at(5 * version))
        assert comparison.agrees
    for seconds in (200, 220):
        comparison.compared({"hex8_2p": SECOND}, [here(FIRST)], at(seconds))
    assert comparison.agrees is False
    comparison.compared({"hex8_2p": SECOND}, [here(SECOND)], at(221))
    assert comparison.agrees
    await comparison.require_agreement()


async def test_f14_a_clock_that_is_set_back_hides_no_difference(comparison: LedgerComparison) -> None:
    """A difference lasts at least since the earliest moment at which it was seen."""
    for seconds in (3600, 0, 10):
        comparison.compared({"hex8_2p": SECOND}, [here(FIRST)], at(seconds))
    assert comparison.agrees is False
