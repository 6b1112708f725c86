"""The judgement of one gate: what the counted games say under a policy, by the policy's mode.

The same function stops the games, decides, and is recomputed by whoever verifies. Pure; it knows nothing of blocks: games are
shown to it at the ends of whole blocks only. The modes are described in docs/statistics.md.
"""

from __future__ import annotations

from typing import NamedTuple

from shared.contract.eprocess import is_above, is_below
from shared.contract.gate import exact_gate, histogram_units
from shared.contract.policy import PARITY, GatePolicy
from shared.contract.words import PANEL, GateVerdict, OpponentName

CIRCLE_ERROR = 0.05
"""Probability with which games of equals establish anything against any version of the panel, and so a circle."""
_PANEL_ERROR = CIRCLE_ERROR / (2 * (1 + len(PANEL)))
"""Of each of two sentences, better or worse, about each version: the previous one, and the panel's."""


class Tally(NamedTuple):
    """Counted games against one opponent.

    histogram: entry j counts the games that scored j/(2(k-1)) with k seats. effective: the same, repeats of a game counted once.
    unscored: games without a score, which count as played and reach nothing.
    """

    histogram: tuple[int, ...]
    effective: tuple[int, ...]
    unscored: int = 0

    @property
    def games(self) -> int:
        """How many were played."""
        return sum(self.histogram) + self.unscored


def judge(
    policy: GatePolicy, opponent: OpponentName, tally: Tally, games_planned: int, num_players: int
) -> GateVerdict:
    """The gate's verdict on the games so far, of so many that were planned. ValueError for more games than that.

    Of the panel, which is no gate: passed where the candidate is established to be better, failed where it is to be worse."""
    if opponent in PANEL:
        return _at_the_end(against_parity(tally), tally, games_planned)
    by_schedule = judge_by_schedule(policy, opponent, tally, games_planned, num_players)
    if policy.mode == "exact" or (policy.mode == "anytime" and by_schedule is not GateVerdict.UNDECIDED):
        return by_schedule
    return _at_the_end(judge_by_evidence(policy, opponent, tally), tally, games_planned)


def judge_by_schedule(
    policy: GatePolicy, opponent: OpponentName, tally: Tally, games_planned: int, num_players: int
) -> GateVerdict:
    """What all planned games are certain to say. Every game counts, repeats too: they are games of the plan."""
    units, threshold = histogram_units(tally.histogram), policy.threshold(opponent)
    return exact_gate(units, tally.games, games_planned, num_players, threshold)


def judge_by_evidence(policy: GatePolicy, opponent: OpponentName, tally: Tally) -> GateVerdict:
    """What the scores establish at the policy's error rates.

    Repeats are no evidence. A game without a score is a lost one where good play is to be established, and none where bad play is.
    A threshold of 0 asks for nothing.
    """
    threshold, effective = policy.threshold(opponent), tally.effective
    if threshold == 0 or is_above((effective[0] + tally.unscored, *effective[1:]), threshold, policy.alpha):
        return GateVerdict.PASSED
    return GateVerdict.FAILED if is_below(effective, threshold, policy.beta) else GateVerdict.UNDECIDED


def against_parity(tally: Tally) -> GateVerdict:
    """Whether the scores establish that the candidate is better, or worse, than another canonical version.

    Repeats, and games without a score, are no evidence.
    """
    if is_above(tally.effective, PARITY, _PANEL_ERROR):
        return GateVerdict.PASSED
    return GateVerdict.FAILED if is_below(tally.effective, PARITY, _PANEL_ERROR) else GateVerdict.UNDECIDED


def _at_the_end(found: GateVerdict, tally: Tally, games_planned: int) -> GateVerdict:
    """What nothing is established about after all planned games is inconclusive."""
    is_over = tally.games == games_planned
    return GateVerdict.INCONCLUSIVE if is_over and found is GateVerdict.UNDECIDED else found
