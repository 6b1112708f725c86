"""Races: at most one passes, as certain as alone, with fewer games."""

import random

import pytest

from shared.contract.judging import Tally
from shared.contract.policy import GatePolicy
from shared.contract.racing import Place, places
from tests.benchmarks.races import raced, schedule, separately

POLICY = GatePolicy(mode="evidence", random_win_rate=0.5)


def tally(losses: int, wins: int) -> Tally:
    """Games of two players of which none repeats another."""
    return Tally((losses, 0, wins), (losses, 0, wins))


def after(entrants: int = 5, **racing: Tally) -> dict[str, Place]:
    """Where these candidates are against Random, of which half is to be won."""
    return places(POLICY, "random", racing, entrants, 400, 2)


def test_the_first_that_passes_ends_the_race() -> None:
    """The others are dropped, even one that passes in the same round with less."""
    assert after(a=tally(0, 20), b=tally(0, 30), c=tally(10, 10)) == {
        "a": Place.DROPPED,
        "b": Place.PASSED,
        "c": Place.DROPPED,
    }


def test_more_entrants_need_more_evidence() -> None:
    """The error is shared among all that started, also those that are out."""
    few = {"a": tally(0, 8), "b": tally(2, 6)}
    assert after(1, **few)["a"] is Place.PASSED
    assert after(50, **few)["a"] is Place.RACING


def test_who_is_far_behind_the_leader_is_dropped() -> None:
    """Long before its own gate says so."""
    found = after(a=tally(6, 14), b=tally(11, 9), c=tally(7, 13))
    assert found == {"a": Place.RACING, "b": Place.DROPPED, "c": Place.RACING}
    assert after(b=tally(11, 9), c=tally(7, 13)) == {"b": Place.RACING, "c": Place.RACING}


def test_who_cannot_pass_is_dropped_alone() -> None:
    """A gate that is decided against a candidate ends its part in the race, leader or not."""
    assert after(a=tally(30, 2)) == {"a": Place.DROPPED}


@pytest.mark.parametrize(
    "rates", [(0.5,) * 5, (0.45,) * 5, (0.6, 0.5, 0.5, 0.5, 0.5), (0.7, 0.5, 0.5, 0.5, 0.5)], ids=str
)
def test_a_race_of_five_passes_nobody_wrongly_and_takes_half_the_games(rates: tuple[float, ...]) -> None:
    """Whoever passes would have passed alone on the same games, with its share of the error, and half the games are saved."""
    chance = random.Random(3)
    drawn = [schedule(rates, POLICY.games_planned(2), chance) for _ in range(12)]
    races, alone = ([play(POLICY, rates, blocks) for blocks in drawn] for play in (raced, separately))
    for race, each in zip(races, alone, strict=True):
        assert len(race.passed) <= 1
        assert set(race.passed) <= set(each.passed)
    assert sum(each.games for each in races) <= sum(each.games for each in alone) / 2
