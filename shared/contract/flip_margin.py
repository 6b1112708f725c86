"""The flip margin: the fewest games that would have had to end otherwise for a gate's verdict to be another.

Only games with a score are changed, and the verdict of the games as they stand counts, whenever it was reached. It judges by the
gate's own rules and has none of its own.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from shared.contract.judging import Tally, judge, judge_by_evidence, judge_by_schedule
from shared.contract.policy import GatePolicy
from shared.contract.words import PANEL, GateVerdict, OpponentName

Histogram = tuple[int, ...]
Rule = Callable[[Tally], GateVerdict]


def flip_margin(
    policy: GatePolicy, opponent: OpponentName, tally: Tally, games_planned: int, num_players: int
) -> int | None:
    """How many games against one opponent; None where no change of them is enough, and of the panel, which is no gate."""
    if opponent in PANEL:
        return None
    verdict = judge(policy, opponent, tally, games_planned, num_players)

    def by_schedule(changed: Tally) -> GateVerdict:
        if policy.mode == "evidence":
            return GateVerdict.UNDECIDED
        return judge_by_schedule(policy, opponent, changed, games_planned, num_players)

    def by_evidence(changed: Tally) -> GateVerdict:
        return GateVerdict.UNDECIDED if policy.mode == "exact" else judge_by_evidence(policy, opponent, changed)

    if verdict in (GateVerdict.PASSED, GateVerdict.FAILED):
        return _to_undo(verdict, tally, by_schedule, by_evidence)
    decisive = [
        _to_reach(end, tally, *rules)
        for end in (GateVerdict.PASSED, GateVerdict.FAILED)
        for rules in ((by_schedule, _of_all), (by_evidence, _of_effective))
    ]
    return min((games for games in decisive if games is not None), default=None)


def _to_undo(verdict: GateVerdict, tally: Tally, by_schedule: Rule, by_evidence: Rule) -> int | None:
    """Neither rule may say it any more: first as many changes as the one needs that repeats mean nothing to, then the rest."""
    towards_win = verdict is GateVerdict.FAILED
    first = _fewest(
        sum(tally.effective), lambda games: by_evidence(_of_effective(tally, games, towards_win)) is not verdict
    )
    if first is None:
        return None
    changed = _of_effective(tally, first, towards_win)
    rest = _fewest(sum(tally.histogram), lambda games: by_schedule(_of_all(changed, games, towards_win)) is not verdict)
    return None if rest is None else first + rest


def _to_reach(
    verdict: GateVerdict, tally: Tally, rule: Rule, change: Callable[[Tally, int, bool], Tally]
) -> int | None:
    """One rule is enough."""
    towards_win = verdict is GateVerdict.PASSED
    return _fewest(sum(tally.histogram), lambda games: rule(change(tally, games, towards_win)) is verdict)


def _fewest(most: int, enough: Callable[[int], bool]) -> int | None:
    """The first of 0 .. most for which `enough` holds; it goes on holding."""
    if enough(0):  # as where a rule says nothing in this mode
        return 0
    found = bisect_left(range(most + 1), True, key=enough)
    return found if found <= most else None


def _of_all(tally: Tally, games: int, towards_win: bool) -> Tally:
    """The games that count most against the change, repeats or not, with the score that counts most for it."""
    return tally._replace(histogram=_moved(tally.histogram, games, towards_win))


def _of_effective(tally: Tally, games: int, towards_win: bool) -> Tally:
    """The same of the games that are no repeats."""
    effective = _moved(tally.effective, games, towards_win)
    repeats = [every - once for every, once in zip(tally.histogram, tally.effective, strict=True)]
    histogram = tuple(once + again for once, again in zip(effective, repeats, strict=True))
    return tally._replace(histogram=histogram, effective=effective)


def _moved(histogram: Histogram, games: int, towards_win: bool) -> Histogram:
    """With so many of the worst scores made the best, or the other way round."""
    ordered = [*histogram] if towards_win else [*histogram[::-1]]
    for entry, count in enumerate(ordered[:-1]):
        moved = min(count, games)
        ordered[entry] -= moved
        ordered[-1] += moved
        games -= moved
    return tuple(ordered if towards_win else ordered[::-1])
