"""How fast games come, who plays them, and how long that may still take. Pure; for people: nothing hangs on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from services.gauntlet.claim import Claim
from services.gauntlet.course import Course
from services.gauntlet.evaluation import Evaluation
from shared.contract.words import OpponentName

WINDOW_SECONDS = 30.0
"""Games of so many last seconds tell how fast they come."""
SHORTEST_SECONDS = 1.0
"""In less nothing can be told."""


class Recording(NamedTuple):
    """The games that were recorded against one opponent: how many in the last seconds, and when the last one."""

    recent: int
    last: datetime


class Pace(NamedTuple):
    """Of the games against one opponent. `games_left`: those that may have to be played yet; `workers`: who plays some of them now.
    None where nobody can tell: games per second of the last seconds, and the seconds that all that are left take."""

    games_left: int = 0
    workers: int = 0
    games_per_second: float | None = None
    seconds_left: float | None = None


NO_PACE = Pace()


def paces(
    evaluation: Evaluation, course: Course, live: Sequence[Claim], recorded: Mapping[OpponentName, Recording]
) -> dict[OpponentName, Pace]:
    """That of each opponent who is met now or later; others have none."""
    met = course.opponent
    if met is None or evaluation.has_ended:
        return {}
    order = evaluation.opponents
    later = {name: Pace(course.left_against(name)) for name in order[order.index(met) + 1 :]}
    workers = len({each.worker for each in live if each.blocks and each.blocks.opponent == met})
    rate = _rate(evaluation, met, recorded)
    left = course.left_against(met)
    return {met: Pace(left, workers, rate, left / rate if rate else None), **later}


def _rate(evaluation: Evaluation, met: OpponentName, recorded: Mapping[OpponentName, Recording]) -> float | None:
    """Games per second against who is met now, since that began, or in the last seconds of it."""
    began = [
        evaluation.started_at or evaluation.seen_at,
        *(each.last for name, each in recorded.items() if name != met),
    ]
    seconds = min((evaluation.seen_at - max(began)).total_seconds(), WINDOW_SECONDS)
    if met not in recorded or seconds < SHORTEST_SECONDS:
        return None
    return recorded[met].recent / seconds
