"""Elo for people: one number for what a model scored against opponents whose strength is set once and for all.

Random is 400 and Heuristic 1200, whatever the board, so numbers compare models of one configuration and nothing else. No gate
knows it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.contract.words import OpponentName

ANCHORS: Mapping[OpponentName, float] = {"random": 400.0, "heuristic": 1200.0}
BEYOND = 4000.0
"""So far from every anchor a rating means nothing any more."""
HALVINGS = 40


class Score(NamedTuple):
    """Points of so many games against an anchor of this rating; a game gives 1 at most."""

    anchor: float
    points: float
    games: float


def expected(rating: float, anchor: float) -> float:
    """The score that Elo's logistic curve expects: 0.5 at par, 10/11 with 400 more."""
    return 1 / (1 + 10 ** ((anchor - rating) / 400))


def estimate(scores: Sequence[Score]) -> float | None:
    """The rating whose expected points are those that were scored, with one drawn game more against each anchor, so that it is
    finite; it rises with every point. None without a game."""
    met = [Score(each.anchor, each.points + 0.5, each.games + 1) for each in scores if each.games]
    return rating(met)


def rating(scores: Sequence[Score]) -> float | None:
    """The rating whose expected points are those that were scored; None where it is beyond all bounds, or there is no game."""
    points, games = math.fsum(each.points for each in scores), math.fsum(each.games for each in scores)
    if not 0 < points < games:
        return None
    low = min(each.anchor for each in scores) - BEYOND
    high = max(each.anchor for each in scores) + BEYOND
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = math.fsum(each.games * expected(middle, each.anchor) for each in scores) >= points
        low, high = (low, middle) if reached else (middle, high)
    return (low + high) / 2
