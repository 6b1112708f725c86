"""What the gate's modes do to a candidate of known strength: how often it passes, and how many games that takes.

Nothing is drawn: the chances of every course of the games are added up, each judged by the gate's own code at the ends of blocks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from math import comb
from typing import NamedTuple

from rich.table import Table

from shared.contract.gate import units_needed
from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.words import GateVerdict

STRENGTHS = (
    (0.85, 0.60), (0.85, 0.80), (0.85, 0.85), (0.85, 0.99), (0.60, 0.50), (0.60, 0.80), (0.50, 0.45), (0.50, 0.60),
)  # fmt: skip
"""Threshold and true rate."""
GAMES, BLOCK = 50, 2


class Outlook(NamedTuple):
    """What awaits a candidate. differs: how often its verdict is not that of all planned games."""

    passes: float
    fails: float
    games: float
    differs: float


def outlook(policy: GatePolicy, rate: float, block: int = BLOCK) -> Outlook:
    """Of a candidate that wins each game against Random with probability `rate`, looked at after every `block` games."""
    passes = fails = games = differs = 0.0
    for wins, played, chance in ends(policy, rate, block):
        verdict = _verdict(policy, played - wins, wins)
        plain = plainly_passes(policy, rate, wins, policy.games - played) if policy.mode != "evidence" else 0.0
        passes += chance * (verdict is GateVerdict.PASSED)
        fails += chance * (verdict is GateVerdict.FAILED)
        differs += chance * (1 - plain if verdict is GateVerdict.PASSED else plain)
        games += chance * played
    return Outlook(passes, fails, games, differs)


def ends(policy: GatePolicy, rate: float, block: int) -> Iterator[tuple[int, int, float]]:
    """Where the games can end: wins, games, and the probability of it."""
    alive, played = {0: 1.0}, 0
    while alive:
        alive, played = after_block(alive, rate, block), played + block
        ended = [wins for wins in alive if _verdict(policy, played - wins, wins) is not GateVerdict.UNDECIDED]
        for wins in ended:
            yield wins, played, alive.pop(wins)


def after_block(alive: Mapping[int, float], rate: float, block: int) -> dict[int, float]:
    """The probability of each number of wins one block later."""
    later: dict[int, float] = defaultdict(float)
    for wins, chance in alive.items():
        for won in range(block + 1):
            later[wins + won] += chance * binomial(block, won, rate)
    return later


def plainly_passes(policy: GatePolicy, rate: float, wins: int, left: int) -> float:
    """The probability that all planned games reach the threshold."""
    need = -(-units_needed(policy.random_win_rate, policy.games, 2) // 2)
    return sum(binomial(left, won, rate) for won in range(left + 1) if wins + won >= need)


def binomial(games: int, won: int, rate: float) -> float:
    """The probability of exactly so many wins."""
    return comb(games, won) * rate**won * (1 - rate) ** (games - won)


@cache
def _verdict_of(policy_json: str, losses: int, wins: int) -> GateVerdict:
    policy, games = GatePolicy.model_validate_json(policy_json), (losses, 0, wins)
    return judge(policy, "random", Tally(games, games), policy.games_planned(2), 2)


def _verdict(policy: GatePolicy, losses: int, wins: int) -> GateVerdict:
    return _verdict_of(policy.model_dump_json(), losses, wins)


def statistics(quick: bool) -> Table:
    """The probability of a pass, and the mean number of games, of each mode."""
    columns = ("threshold", "true rate", "plain", "exact", "anytime", "evidence", "anytime differs", "evidence fails")
    table = Table(*columns, title="The gate's modes: P(pass) / mean games")
    for threshold, rate in STRENGTHS[:: 4 if quick else 1]:
        policy = GatePolicy(games=GAMES, random_win_rate=threshold)
        exact, anytime, evidence = (
            outlook(policy.model_copy(update={"mode": mode}), rate) for mode in ("exact", "anytime", "evidence")
        )
        plain = plainly_passes(policy, rate, 0, GAMES)
        shown = [
            f"{plain:.3f} / {GAMES}",
            *(f"{each.passes:.3f} / {each.games:.1f}" for each in (exact, anytime, evidence)),
        ]
        table.add_row(f"{threshold:.2f}", f"{rate:.2f}", *shown, f"{anytime.differs:.4f}", f"{evidence.fails:.3f}")
    return table
