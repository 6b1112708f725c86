"""How the interval of a win rate closed while its games were played: what the first so many games said. Pure; for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from play.counting import DIGITS, Result, block_histogram, tally_of
from shared.contract.eprocess import interval
from shared.contract.evidence import CONFIDENCE, mean_score
from shared.contract.words import OPPONENTS, OpponentName

MOST_POINTS = 16
"""As many as a picture needs; each takes about a millisecond."""


class Point(NamedTuple):
    """After so many games: their mean score, None without one, and where the true one lies with 95 % confidence."""

    games: int
    mean: float | None
    low: float
    high: float


class Closing(NamedTuple):
    """The points of one opponent, first games first."""

    opponent: OpponentName
    points: list[Point]


def closings(results: Sequence[Result], num_players: int) -> list[Closing]:
    """Of every opponent that was met, in the order in which they are."""
    met = {each.opponent for each in results}
    return [Closing(name, _points(results, name, num_players)) for name in OPPONENTS if name in met]


def _points(results: Sequence[Result], opponent: OpponentName, num_players: int) -> list[Point]:
    own = sorted((each for each in results if each.opponent == opponent), key=lambda each: each.place)
    step = max(-(-len(own) // MOST_POINTS), 1)
    ends = range(-(-step // num_players) * num_players, len(own), -(-step // num_players) * num_players)
    return [_point(own[:end], num_players) for end in (*ends, len(own))]


def _point(games: Sequence[Result], num_players: int) -> Point:
    low, high = interval(block_histogram(games, num_players), 1 - CONFIDENCE)
    mean = mean_score(tally_of(games, num_players).histogram, num_players)
    return Point(len(games), None if mean is None else round(mean, DIGITS), round(low, DIGITS), round(high, DIGITS))
