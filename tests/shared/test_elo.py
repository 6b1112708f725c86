"""Elo for people: one number, monotone in wins, on the scale of its anchors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.elo import ANCHORS, Score, estimate, expected, rating

RANDOM, HEURISTIC = ANCHORS["random"], ANCHORS["heuristic"]
GAMES = st.integers(1, 60)


def scores(wins: tuple[int, int], games: tuple[int, int]) -> list[Score]:
    """So many wins against Random and Heuristic."""
    return [Score(RANDOM, wins[0], games[0]), Score(HEURISTIC, wins[1], games[1])]


def test_par_is_the_anchor() -> None:
    """Whoever scores half against an anchor has its rating, and 10 of 11 are 400 more."""
    assert rating([Score(RANDOM, 25, 50)]) == pytest.approx(400)
    assert rating([Score(HEURISTIC, 10, 11)]) == pytest.approx(1600)
    assert estimate([Score(HEURISTIC, 25, 50)]) == pytest.approx(1200)


def test_the_ends_are_bounded_for_people_and_open_for_bounds() -> None:
    """All games won have a finite estimate, and no finite rating; no games have neither."""
    all_won = scores((50, 50), (50, 50))
    found = estimate(all_won)
    assert found is not None
    assert 1800 < found < 2000
    assert rating(all_won) is None
    assert rating(scores((0, 0), (50, 50))) is None
    assert rating([]) is None
    assert estimate(scores((0, 0), (0, 0))) is None


@given(GAMES, GAMES, st.data())
def test_it_rises_with_every_win(random: int, heuristic: int, data: st.DataObject) -> None:
    """One win more in place of a loss, against either anchor, is a higher rating."""
    wins = data.draw(st.integers(0, random)), data.draw(st.integers(0, heuristic - 1))
    fewer, more = (estimate(scores((wins[0], won), (random, heuristic))) for won in (wins[1], wins[1] + 1))
    assert fewer is not None
    assert more is not None
    assert fewer < more


@given(st.floats(-500, 3000), GAMES, GAMES)
def test_it_finds_the_strength_that_scored(strength: float, random: int, heuristic: int) -> None:
    """From the points that a rating expects comes that rating."""
    met = [(RANDOM, random), (HEURISTIC, heuristic)]
    found = rating([Score(anchor, games * expected(strength, anchor), games) for anchor, games in met])
    assert found == pytest.approx(strength, abs=0.01)
