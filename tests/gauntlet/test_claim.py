"""The claim by itself: how long a silent worker keeps its games, by whatever clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from services.gauntlet.claim import Claim
from services.gauntlet.course import Blocks
from tests.gauntlet.fakes import NOW

CLAIM = Claim(
    UUID(int=1), UUID(int=2), "worker", Blocks("random", 0, 4), issued_at=NOW, until=NOW + timedelta(seconds=10), seen_at=NOW
)  # fmt: skip


def seen(seconds: float) -> Claim:
    """The claim, so many seconds later by the database's clock."""
    return replace(CLAIM, seen_at=NOW + timedelta(seconds=seconds))


def test_g06_a_silent_worker_keeps_its_games_for_so_long() -> None:
    """Up to the moment when it runs out, and not a moment longer."""
    assert all(seen(seconds).is_live(10) for seconds in (0, 5, 10))
    assert not seen(10.000001).is_live(10)


def test_f14_a_clock_that_is_set_back_keeps_no_claim_alive() -> None:
    """One that ends later than any report could make it is over; a small step only makes it longer."""
    assert seen(-10).is_live(10)
    assert not seen(-10.000001).is_live(10)
    assert not seen(-3600).is_live(10)


def test_late_is_what_is_held_for_too_long() -> None:
    """Also however often its worker was heard of; and what was issued in the future is of another clock."""
    kept = replace(seen(30), until=NOW + timedelta(seconds=40))
    assert not kept.is_late(30)
    assert kept.is_late(29.9)
    assert seen(-1).is_late(30)
