"""Races of candidates of known strength, drawn by chance and judged by the gate's own code, beside as many separate evaluations.

The separate evaluations ask each candidate for the same certainty as the race does, so both promote wrongly about as often.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from rich.table import Table

from shared.contract.judging import Tally, judge
from shared.contract.policy import GatePolicy
from shared.contract.racing import Place, places
from shared.contract.words import GateVerdict

THRESHOLD = 0.5
FIELDS: tuple[tuple[float, ...], ...] = (
    (0.50, 0.50, 0.50, 0.50, 0.50),
    (0.45, 0.45, 0.45, 0.45, 0.45),
    (0.55, 0.55, 0.55, 0.55, 0.55),
    (0.60, 0.50, 0.50, 0.50, 0.50),
    (0.60, 0.55, 0.50, 0.45, 0.40),
    (0.70, 0.50, 0.50, 0.50, 0.50),
)
"""True rates of five candidates; a gate asks for 50 %."""
BLOCK, EMPTY = 2, Tally((0, 0, 0), (0, 0, 0))


class Ended(NamedTuple):
    """What one race, or one set of separate evaluations, came to. passed: the true rates of those that passed."""

    passed: tuple[float, ...]
    games: int

    @property
    def wrong(self) -> bool:
        """Whether one passed that is not above the threshold."""
        return any(rate <= THRESHOLD for rate in self.passed)


def schedule(rates: Sequence[float], planned: int, chance: random.Random) -> list[list[list[int]]]:
    """Every candidate's blocks of units, as they would be if all were played."""
    return [[[2 * (chance.random() < rate) for _ in range(BLOCK)] for _ in range(planned // BLOCK)] for rate in rates]


def raced(policy: GatePolicy, rates: Sequence[float], blocks: Sequence[Sequence[Sequence[int]]]) -> Ended:
    """One race on that schedule."""
    racing, games = {str(number): EMPTY for number in range(len(rates))}, 0
    for played in range(policy.games_planned(2) // BLOCK):
        racing = {name: _with(tally, blocks[int(name)][played]) for name, tally in racing.items()}
        games += BLOCK * len(racing)
        found = places(policy, "random", racing, len(rates), policy.games_planned(2), 2)
        passed = tuple(rates[int(name)] for name, place in found.items() if place is Place.PASSED)
        racing = {name: tally for name, tally in racing.items() if found[name] is Place.RACING}
        if not racing:
            return Ended(passed, games)
    raise AssertionError("the cap decides every gate")


def separately(policy: GatePolicy, rates: Sequence[float], blocks: Sequence[Sequence[Sequence[int]]]) -> Ended:
    """Each candidate alone on that schedule, at its share of the error."""
    shared = policy.model_copy(update={"alpha": policy.alpha / len(rates)}).model_dump_json()
    passed: list[float] = []
    games = 0
    for rate, each in zip(rates, blocks, strict=True):
        verdict, wins = GateVerdict.UNDECIDED, 0
        for number, block in enumerate(each, 1):
            wins += sum(block) // 2
            verdict = _alone(shared, BLOCK * number - wins, wins)
            if verdict is not GateVerdict.UNDECIDED:
                games += BLOCK * number
                break
        passed += [rate] * (verdict is GateVerdict.PASSED)
    return Ended(tuple(passed), games)


def _with(tally: Tally, block: Sequence[int]) -> Tally:
    """The tally with another block, none of whose games is a repeat."""
    losses, _, wins = tally.histogram
    histogram = (losses + block.count(0), 0, wins + block.count(2))
    return Tally(histogram, histogram)


@cache
def _alone(policy_json: str, losses: int, wins: int) -> GateVerdict:
    policy, games = GatePolicy.model_validate_json(policy_json), (losses, 0, wins)
    return judge(policy, "random", Tally(games, games), policy.games_planned(2), 2)


def racing(quick: bool) -> Table:
    """Wrong promotions, promotions of the best, and games, of races and of separate evaluations."""
    policy, times = GatePolicy(mode="evidence", random_win_rate=THRESHOLD), 20 if quick else 200
    columns = (
        "true rates",
        "wrongly passed, race",
        "separate",
        "best passed, race",
        "separate",
        "games, race",
        "separate",
        "saved",
    )
    table = Table(*columns, title=f"Races of five, {times} of each")
    for rates in FIELDS:
        chance = random.Random(1)
        drawn = [schedule(rates, policy.games_planned(2), chance) for _ in range(times)]
        both = [[play(policy, rates, blocks) for blocks in drawn] for play in (raced, separately)]
        wrong = [sum(each.wrong for each in ended) / times for ended in both]
        best = [sum(max(rates) in each.passed for each in ended) / times for ended in both]
        games = [sum(each.games for each in ended) / times for ended in both]
        figures = [*(f"{each:.3f}" for each in (*wrong, *best)), *(f"{each:.0f}" for each in games)]
        table.add_row(" ".join(f"{rate:.2f}" for rate in rates), *figures, f"{1 - games[0] / games[1]:.0%}")
    return table
