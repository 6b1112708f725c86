"""The gate's rule: when a run of games has reached a threshold, or can no longer reach it.

Pure integer arithmetic, so that the rule which stops the games and the rule which decides are the same function and agree to the
last game. It knows nothing of opponents, services or storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from shared.contract.words import GateVerdict


def units_per_game(num_players: int) -> int:
    """Score units of one game: a score is a multiple of 1/(2(k-1)) with k seats, so 2 for two seats, 6 for four."""
    return 2 * (num_players - 1)


def histogram_units(histogram: Sequence[int]) -> int:
    """Total score in units, of a histogram whose entry j counts the games that scored j units."""
    return sum(units * games for units, games in enumerate(histogram))


@lru_cache(maxsize=1024)  # asked again and again for the same few gates
def units_needed(threshold: float, games_planned: int, num_players: int) -> int:
    """The smallest total score, in units, that reaches `threshold` of all planned games.

    Exact: the threshold is taken as the decimal it is written as, so 0.55 of 20 games is 11 wins and not 12.
    """
    exact = Fraction(str(threshold)) * games_planned * units_per_game(num_players)
    return -(-exact.numerator // exact.denominator)


def exact_gate(units: int, games: int, games_planned: int, num_players: int, threshold: float) -> GateVerdict:
    """Judge a prefix of the schedule: passed or failed only when the remaining games cannot change it.

    `units` is the total score of the first `games` of `games_planned`. A game without a score (truncated, errored) counts as
    played and adds nothing. Identical by construction to the verdict after all planned games.
    """
    if not 0 <= games <= games_planned:
        raise ValueError(f"{games} games of {games_planned} planned")
    need = units_needed(threshold, games_planned, num_players)
    if units >= need:
        return GateVerdict.PASSED
    if units + (games_planned - games) * units_per_game(num_players) < need:
        return GateVerdict.FAILED
    return GateVerdict.UNDECIDED
