"""The gate's rule: exact arithmetic, and a verdict that stopping early never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.gate import GateVerdict, exact_gate, units_needed, units_per_game


def test_thresholds_are_taken_as_written() -> None:
    """0.55 of 20 games is 11 wins; in binary floats it would round up to 12."""
    assert units_needed(0.55, 20, 2) == 22
    assert units_needed(0.85, 50, 2) == 85


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
