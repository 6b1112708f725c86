"""How many more games a gate needs is guessed from those that count: hardly ever too many, and never fewer than a block."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gauntlet.foresight import LIKELIHOOD, likely_needed
from shared.contract.gate import units_per_game
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateMode, GateVerdict

MODES: list[GateMode] = ["exact", "anytime", "evidence"]
TRIES = 2000


def tally_of(won: int, lost: int) -> Tally:
    """Of games of two players, all of them different."""
    return Tally((lost, 0, won), (lost, 0, won))


def is_decided(gates: GatePolicy, tally: Tally) -> bool:
    """By the gate against Random."""
    return judge(gates, "random", tally, gates.games_planned(2), 2) is not GateVerdict.UNDECIDED


def counts(gates: GatePolicy, chance: random.Random) -> bool | None:
    """Whether the last of the games that are likely to count did, of a candidate of any strength, looked at at any time; None where
    the gate was decided before."""
    strength, before = chance.random(), 2 * chance.randint(0, gates.games_planned(2) // 2 - 1)
    won = lost = 0
    needed = 0
    for game in range(gates.games_planned(2)):
        if game % 2 == 0 and is_decided(gates, tally_of(won, lost)):
            return None if game <= before else game >= before + needed
        if game == before:
            needed = likely_needed(gates, "random", tally_of(won, lost), gates.games_planned(2), 2)
        wins = chance.random() < strength
        won, lost = won + wins, lost + (not wins)
    return True


@pytest.mark.parametrize("threshold", [0.5, 0.85])
def test_what_is_likely_to_count_does(threshold: float) -> None:
    """About as often as is promised, over candidates of all strengths."""
    gates, chance = GatePolicy(games=50, random_win_rate=threshold), random.Random(7)
    seen = [found for _ in range(TRIES) if (found := counts(gates, chance)) is not None]
    assert len(seen) > TRIES / 4
    assert LIKELIHOOD - 0.05 < sum(seen) / len(seen) <= 0.99


@given(st.sampled_from(MODES), st.integers(2, 4), st.data())
def test_it_is_some_whole_blocks_of_those_that_are_left(mode: GateMode, num_players: int, data: st.DataObject) -> None:
    """In every mode of the gate, for any number of seats, whatever counts so far."""
    gates = GatePolicy(games=24, cap=24, mode=mode)
    planned, most = gates.games_planned(num_players), units_per_game(num_players)
    games = num_players * data.draw(st.integers(0, planned // num_players))
    scores = data.draw(st.lists(st.none() | st.integers(0, most), min_size=games, max_size=games))
    histogram = tuple(scores.count(units) for units in range(most + 1))
    needed = likely_needed(gates, "random", Tally(histogram, histogram, scores.count(None)), planned, num_players)
    assert needed % num_players == 0
    assert min(planned - games, num_players) <= needed <= planned - games


def test_the_nearer_the_verdict_the_fewer() -> None:
    """A candidate that wins as it needs plays nearly all games, one that loses is soon done."""
    gates = GatePolicy(games=50, random_win_rate=0.85)
    needed = [likely_needed(gates, "random", tally_of(won, 20 - won), 50, 2) for won in (20, 17, 14)]
    assert needed[0] >= 22
    assert needed[1] > needed[2]
    assert likely_needed(gates, "random", tally_of(42, 4), 50, 2) == 2
