"""How many more games a gate needs, as far as those that count tell. Pure; a guess, by which games are handed out, never judged."""

from __future__ import annotations

from bisect import bisect_left
from math import sqrt
from statistics import NormalDist

from shared.contract.gate import histogram_units
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName

LIKELIHOOD = 0.9
"""With which every game that is handed out is one that will count."""
_DEVIATIONS = NormalDist().inv_cdf(LIKELIHOOD)


def likely_needed(policy: GatePolicy, opponent: OpponentName, tally: Tally, planned: int, num_players: int) -> int:
    """So many more games, in whole blocks, are likely to count before the gate of these is decided; a block at least, as long as
    any are left."""
    blocks = range(num_players, planned - tally.games + 1, num_players)
    if not blocks:
        return 0

    def may_decide(games: int) -> bool:
        after = (judge(policy, opponent, each, planned, num_players) for each in _after(tally, games))
        return any(verdict is not GateVerdict.UNDECIDED for verdict in after)

    return blocks[min(bisect_left(blocks, True, key=may_decide), len(blocks) - 1)]


def _after(tally: Tally, games: int) -> list[Tally]:
    """The tally after so many more games, as bad and as good as is likely: by the mean score so far, and how well it is known."""
    most = len(tally.histogram) - 1
    known = tally.games
    mean = (histogram_units(tally.histogram) / most + 1) / (known + 2)
    deviation = sqrt(mean * (1 - mean) * (1 / (known + 3) + 1 / games))
    scores = max(mean - _DEVIATIONS * deviation, 0.0), min(mean + _DEVIATIONS * deviation, 1.0)
    return [_with(tally, round(score * games), games) for score in scores]


def _with(tally: Tally, won: int, games: int) -> Tally:
    """And so many games more, different from all before, of which so many are won and the others lost."""

    def more(histogram: tuple[int, ...]) -> tuple[int, ...]:
        return (histogram[0] + games - won, *histogram[1:-1], histogram[-1] + won)

    return Tally(more(tally.histogram), more(tally.effective), tally.unscored)
