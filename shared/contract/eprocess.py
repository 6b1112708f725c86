"""Whether scores in [0, 1] establish that their mean is above, or below, a number: a test that may be looked at after every game.

A mixture of 20 betting strategies (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2023). As
long as the mean is at most m, `log_above` ever reaches ln(1/error) with probability `error` at most (Ville's inequality), however
often one looks. It depends on the histogram of the scores alone, so it knows no order and histograms add. In logarithms; it judges
no gate.

A histogram counts in entry j the scores of j/(entries - 1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple

STRATEGIES = 20
HALVINGS = 21


class Interval(NamedTuple):
    """Bounds of a mean, both in [0, 1]."""

    low: float
    high: float


def log_above(histogram: Sequence[int], mean: float) -> float:
    """ln E for "the mean is above `mean`": E = (1/20) sum over c = 1/20 .. 20/20 of the product of (1 - c) + c x/mean.

    0 without scores, -inf and inf where E is 0 or without bound.
    """
    top = len(histogram) - 1
    scores = [(_ratio(entry / top, mean), games) for entry, games in enumerate(histogram) if games]
    return _log_mean([_log_wealth(step / STRATEGIES, scores) for step in range(1, STRATEGIES + 1)])


def log_below(histogram: Sequence[int], mean: float) -> float:
    """ln E for "the mean is below `mean`": the same of 1 - x and 1 - mean."""
    return log_above(histogram[::-1], 1 - mean)


def is_above(histogram: Sequence[int], mean: float, error: float) -> bool:
    """Whether "above `mean`" is established, wrongly with probability `error` at most."""
    return log_above(histogram, mean) >= -math.log(error)


def is_below(histogram: Sequence[int], mean: float, error: float) -> bool:
    """Whether "below `mean`" is established, wrongly with probability `error` at most."""
    return log_below(histogram, mean) >= -math.log(error)


def interval(histogram: Sequence[int], error: float) -> Interval:
    """The means that the scores do not rule out; it misses the true one, at any time, with probability `error` at most."""
    return _interval(tuple(histogram), error)


@lru_cache(maxsize=4096)
def _interval(histogram: tuple[int, ...], error: float) -> Interval:
    """Remembered, because whoever follows an evaluation asks again after every block."""
    low = _last(lambda mean: is_above(histogram, mean, error / 2))
    high = 1 - _last(lambda rest: is_below(histogram, 1 - rest, error / 2))
    return Interval(low, high)


def _ratio(score: float, mean: float) -> float:
    """score/mean, with its limit where the mean is 0."""
    if mean > 0:
        return score / mean
    return math.inf if score > 0 else 0.0


def _log_wealth(stake: float, scores: Sequence[tuple[float, int]]) -> float:
    """What one strategy, which stakes the same share on every score, has made of 1."""
    factors = [(1 - stake + stake * ratio, games) for ratio, games in scores]
    if any(factor == 0 for factor, _ in factors):
        return -math.inf
    return math.fsum(games * math.log(factor) for factor, games in factors)


def _log_mean(logarithms: Sequence[float]) -> float:
    most = max(logarithms)
    if math.isinf(most):
        return most
    return most + math.log(math.fsum(math.exp(each - most) for each in logarithms) / len(logarithms))


def _last(holds: Callable[[float], bool]) -> float:
    """The last number of [0, 1], to 2^-21 and rather too small, up to which `holds` does; 0 if it never does."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low
