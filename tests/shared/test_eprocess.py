"""The e-process: its formula, what does not matter to it, and how often it is wrong."""

import math
import random
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contract.eprocess import interval, is_above, is_below, log_above, log_below

HISTOGRAMS = st.lists(st.integers(0, 30), min_size=3, max_size=7)
INSIDE = st.floats(0.01, 0.99)


def product(scores: list[float], mean: float) -> float:
    """E of "above `mean`" as it is printed, game by game."""
    strategies = [np.prod([1 - c + c * x / mean for x in scores]) for c in np.arange(1, 21) / 20]
    return float(np.mean(strategies))


def test_43_wins_and_7_losses() -> None:
    """The published figures of this process."""
    assert log_above([7, 0, 43], 0.85) == pytest.approx(-0.931348, abs=1e-6)
    assert interval([7, 0, 43], 0.05) == pytest.approx((0.671, 0.971), abs=5e-4)


def test_85_percent_need_27_straight_wins() -> None:
    """At 5 %; 26 are not enough."""
    assert is_above([0, 0, 27], 0.85, 0.05)
    assert not is_above([0, 0, 26], 0.85, 0.05)


@given(st.lists(st.integers(0, 6), max_size=40), INSIDE)
def test_it_is_the_formula(units: list[int], mean: float) -> None:
    """The logarithm of the histogram's E is that of the product over the games, above and below."""
    histogram, scores = [units.count(each) for each in range(7)], [each / 6 for each in units]
    assert log_above(histogram, mean) == pytest.approx(math.log(product(scores, mean)), abs=1e-9)
    below = product([1 - each for each in scores], 1 - mean)
    assert log_below(histogram, mean) == pytest.approx(math.log(below), abs=1e-9)


@given(HISTOGRAMS, INSIDE, INSIDE)
def test_it_is_monotone_in_the_mean(histogram: list[int], one: float, other: float) -> None:
    """What is established above a mean is established above every lower one, and the same below."""
    low, high = sorted((one, other))
    assert log_above(histogram, low) >= log_above(histogram, high) - 1e-9
    assert log_below(histogram, low) <= log_below(histogram, high) + 1e-9


@given(HISTOGRAMS, INSIDE, st.data())
def test_it_is_monotone_in_the_scores(histogram: list[int], mean: float, data: st.DataObject) -> None:
    """A better score in place of another never makes "above" weaker or "below" stronger."""
    place = data.draw(st.integers(0, len(histogram) - 2))
    better = [*histogram]
    better[place], better[place + 1] = histogram[place], histogram[place + 1] + 1
    worse = [*histogram]
    worse[place] += 1
    assert log_above(better, mean) >= log_above(worse, mean) - 1e-9
    assert log_below(better, mean) <= log_below(worse, mean) + 1e-9


@given(HISTOGRAMS, INSIDE)
def test_it_is_even_handed(histogram: list[int], mean: float) -> None:
    """ "Below" is "above" as the other side sees it."""
    assert log_below(histogram, mean) == pytest.approx(log_above(histogram[::-1], 1 - mean), abs=1e-9)


@given(HISTOGRAMS)
def test_above_and_below_are_never_both_established(histogram: list[int]) -> None:
    """Whatever the scores, a mean is on one side at most."""
    for mean in (0.0, 0.3, 0.5, 0.85, 1.0):
        assert not (is_above(histogram, mean, 0.05) and is_below(histogram, mean, 0.05))


@given(HISTOGRAMS, st.floats(0.001, 0.2))
def test_the_interval_is_what_is_not_ruled_out(histogram: list[int], error: float) -> None:
    """Just outside it a mean is ruled out, just inside it is not, and the scores' own mean is inside."""
    low, high = interval(histogram, error)
    assert 0 <= low <= high <= 1
    if low > 0:
        assert is_above(histogram, low, error / 2)
    assert not is_above(histogram, low + 1e-6, error / 2)
    if high < 1:
        assert is_below(histogram, high, error / 2)
    assert not is_below(histogram, high - 1e-6, error / 2)
    if sum(histogram):
        mean = sum(entry * games for entry, games in enumerate(histogram)) / (len(histogram) - 1) / sum(histogram)
        assert low <= mean <= high


@given(HISTOGRAMS, st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_more_certainty_takes_a_wider_interval(histogram: list[int], one: float, other: float) -> None:
    """The interval of the smaller error contains that of the larger."""
    strict, lax = interval(histogram, min(one, other)), interval(histogram, max(one, other))
    assert strict.low <= lax.low <= lax.high <= strict.high


def test_the_ends_have_their_limits() -> None:
    """Any win proves a mean above 0 and any loss one below 1; nothing is above 1 or below 0, and nothing follows of no game."""
    assert log_above([1, 0, 1], 0.0) == math.inf
    assert log_below([1, 0, 1], 1.0) == math.inf
    assert log_above([0, 0, 9], 1.0) == 0
    assert log_below([9, 0, 0], 0.0) == 0
    assert log_above([0, 0, 0], 0.0) == 0
    assert interval([0, 0, 0], 0.05) == (0, 1)


@pytest.mark.parametrize("mean", [0.5, 0.85])
def test_looking_after_every_game_is_allowed(mean: float) -> None:
    """Of 1,000 runs whose true mean is exactly `mean`, at most 5 % are ever taken for above within 200 games."""
    chance, wrong = random.Random(7), 0
    for _ in range(1000):
        wins = accumulate(chance.random() < mean for _ in range(200))
        wrong += any(_seen(won, games, mean) for games, won in enumerate(wins, 1))
    assert 0 < wrong <= 50


_KNOWN: dict[tuple[int, int, float], bool] = {}


def _seen(won: int, games: int, mean: float) -> bool:
    key = won, games, mean
    if key not in _KNOWN:
        _KNOWN[key] = is_above([games - won, 0, won], mean, 0.05)
    return _KNOWN[key]
