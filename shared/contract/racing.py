"""A race: several candidates of one configuration share an evaluation, and at most one of them passes.

All meet the same opponent on the same schedule, a block each in every round. A candidate passes by the gate's own rule with `alpha`
shared among all that started, so that together they pass wrongly no more often than one alone, whoever is dropped on the way. A
candidate is dropped when its own gate is decided against it, or when the evidence for the leader is so many times its own that it
hardly is the best: dropping costs a good candidate its chance now and then, and promotes nobody. Pure; it plays nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

from shared.contract.eprocess import log_above, log_below
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict, OpponentName

LEAD = 50.0
"""How many times the evidence for a candidate the leader's has to be. A lower one saves games and drops more of the best."""


class Place(StrEnum):
    """Where a candidate is after a round."""

    RACING = "racing"
    PASSED = "passed"
    DROPPED = "dropped"


def places(
    policy: GatePolicy,
    opponent: OpponentName,
    racing: Mapping[str, Tally],
    entrants: int,
    games_planned: int,
    num_players: int,
) -> dict[str, Place]:
    """Where each of the candidates that still raced is after a round of one block each.

    racing: their games so far, by name; those dropped before are not among them, and stay dropped. entrants: how many started. When
    one passes the race is over, and the others are dropped.
    """
    shared = policy.model_copy(update={"alpha": policy.alpha / entrants})
    verdicts = {name: judge(shared, opponent, tally, games_planned, num_players) for name, tally in racing.items()}
    evidence = {name: evidence_for(tally, policy.threshold(opponent)) for name, tally in racing.items()}
    passed = [name for name, verdict in verdicts.items() if verdict is GateVerdict.PASSED]
    if passed:
        first = max(passed, key=lambda name: evidence[name])
        return {name: Place.PASSED if name == first else Place.DROPPED for name in racing}
    least = max(evidence.values(), default=0.0) - math.log(LEAD)
    undecided = {name for name, verdict in verdicts.items() if verdict is GateVerdict.UNDECIDED}
    return {name: Place.RACING if name in undecided and evidence[name] >= least else Place.DROPPED for name in racing}


def evidence_for(tally: Tally, threshold: float) -> float:
    """ln of the evidence that a candidate is above a win rate, over the evidence that it is below; repeats count once."""
    return log_above(tally.effective, threshold) - log_below(tally.effective, threshold)
