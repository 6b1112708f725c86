"""The gate's rule: exact arithmetic, and a verdict that stopping early never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.gate import exact_gate, histogram_units, units_needed, units_per_game
from shared.contract.words import GateVerdict


def test_thresholds_are_taken_as_written() -> None:
    """0.55 of 20 games is 11 wins; in binary floats it would round up to 12."""
    assert units_needed(0.55, 20, 2) == 22
    assert units_needed(0.85, 50, 2) == 85
    assert units_needed(0.55, 21, 2) == 24


def test_a_score_is_counted_in_units() -> None:
    """A game gives up to twice as many units as there are opponents, and entry j of a histogram counts games of j units."""
    assert [units_per_game(seats) for seats in (2, 3, 4)] == [2, 4, 6]
    assert histogram_units([3, 5, 7]) == 5 + 14
    assert histogram_units([1, 0, 0, 2, 0, 4, 3]) == 6 + 20 + 18


def test_a_gate_fails_when_the_rest_cannot_reach_it() -> None:
    """85 units are needed of 50 games: with 20 games to come, 45 can still reach them and 44 cannot."""
    assert exact_gate(45, 30, 50, 2, 0.85) is GateVerdict.UNDECIDED
    assert exact_gate(44, 30, 50, 2, 0.85) is GateVerdict.FAILED
    assert exact_gate(85, 49, 50, 2, 0.85) is GateVerdict.PASSED


@given(
    num_players=st.integers(2, 4),
    threshold=st.integers(0, 100).map(lambda percent: percent / 100),
    scores=st.lists(st.integers(0, 6), min_size=1, max_size=60),
)
def test_g05_stopping_early_never_changes_the_verdict(num_players: int, threshold: float, scores: list[int]) -> None:
    """The first decided prefix says what all the planned games say."""
    units = [min(score, units_per_game(num_players)) for score in scores]
    planned = len(units)
    full = exact_gate(sum(units), planned, planned, num_players, threshold)
    assert full is not GateVerdict.UNDECIDED
    for games in range(planned + 1):
        verdict = exact_gate(sum(units[:games]), games, planned, num_players, threshold)
        assert verdict in (full, GateVerdict.UNDECIDED)


def test_more_games_than_planned_are_refused() -> None:
    """Evidence that cannot be is an error, not a verdict."""
    with pytest.raises(ValueError, match="51 games of 50 planned"):
        exact_gate(51, 51, 50, 2, 0.5)
    with pytest.raises(ValueError, match="-1 games of 50 planned"):
        exact_gate(0, -1, 50, 2, 0.5)
