"""CurriculumIntegration: how much of the training each configuration should get, by what became of its candidates. Pure.

1. What is learnt from. A candidate that is promoted on its games, by itself or by a person, counts as a success; one that fails
   its gates, stays inconclusive, or is rejected or rolled back from counts as a failure. Everything else tells of the suite or of
   people, not of learning, and counts as neither.
2. Struggle, 0 to 1: the share of failures, in which the newest candidate has the weight 0.2 and each one before 0.8 of that of the
   next. It begins at 0.5, and half of it is of the last three candidates.
3. Staleness, 0 to 1: age / (age + a day), where age is the time since a candidate was a success, or since the configuration was
   first seen. What was not improved on for a day has 0.5.
4. Need: 0.2 + 0.8 * (0.7 * struggle + 0.3 * staleness). So nobody gets nothing, and nobody more than five times what another gets,
   not even one that cannot be learnt at all. A mixture of the two with more of the first is what Prioritized Level Replay (Jiang,
   Grefenstette and Rocktaeschel, ICML 2021) found to work for levels of games: without staleness, a score that is old is believed
   for ever.
5. Weight: need, divided by the mean need of all. The mean of the weights is 1, which is what a configuration counts that nobody has
   heard of yet.

One outcome moves a struggle by 0.2 at most, and so a need by 0.112; a promotion moves it by 0.24 more, what staleness was worth.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.contract.words import DispositionCode

SUCCESSES: tuple[DispositionCode, ...] = ("gates_passed", "approved")
FAILURES: tuple[DispositionCode, ...] = ("gates_failed", "games_inconclusive", "rejected", "rolled_back")
FIRST_STRUGGLE = 0.5
NEWEST = 0.2
STALE_SECONDS = 86400.0
LEAST_NEED = 0.2
OF_STRUGGLE, OF_STALENESS = 0.7, 0.3


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What is known of a configuration. `candidates`: that counted; `since`: when one was a success, or the first was seen."""

    configuration: str
    struggle: float
    candidates: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Weighed(Standing):
    """A standing at a moment, beside all others. `share`: of the training, 1 for all configurations together."""

    staleness: float
    weight: float
    share: float


class CurriculumIntegration:
    """The rule above."""

    @staticmethod
    def after(standing: Standing | None, configuration: str, code: DispositionCode, at: datetime) -> Standing | None:
        """What is known after a candidate's disposition; None if nothing is learnt from it. `standing`: from before, None if the
        configuration was never seen."""
        if code not in SUCCESSES + FAILURES:
            return None
        before = standing or Standing(configuration=configuration, struggle=FIRST_STRUGGLE, candidates=0, since=at)
        failed = code in FAILURES
        struggle = before.struggle + NEWEST * (failed - before.struggle)
        since = before.since if failed else at
        return replace(before, struggle=struggle, candidates=before.candidates + 1, since=since)

    @staticmethod
    def weigh(standings: Iterable[Standing], at: datetime) -> list[Weighed]:
        """Every configuration's weight at a moment, in the order in which they are given."""
        known = list(standings)
        needs = [_need(each, at) for each in known]
        total = sum(needs)
        return [
            Weighed(
                **vars(each), staleness=_staleness(each, at), weight=need * len(known) / total, share=need / total
            )
            for each, need in zip(known, needs, strict=True)
        ]  # fmt: skip


def _need(standing: Standing, at: datetime) -> float:
    mixed = OF_STRUGGLE * standing.struggle + OF_STALENESS * _staleness(standing, at)
    return LEAST_NEED + (1 - LEAST_NEED) * mixed


def _staleness(standing: Standing, at: datetime) -> float:
    age = max((at - standing.since).total_seconds(), 0.0)
    return age / (age + STALE_SECONDS)
