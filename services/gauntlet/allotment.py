"""How much of an evaluation a worker is given at once, and when a claim is late enough to be given out a second time. Pure.

As much as it plays in a few seconds: a dead worker costs little, and the gate hears soon; less where many wait, but no less than is
worth loading a model for, and no less than a block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from services.gauntlet.claim import Claim
from services.gauntlet.course import Blocks, Course
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.work import WorkWish

Allot = Callable[[Evaluation, Course, Sequence[Claim], WorkWish, int, float], Blocks | None]
CLAIM_SECONDS, SHORTEST_SECONDS = 5.0, 1.0
"""What a claim should take, and what it takes at least where it is shared among workers that wait."""
FIRST_GAMES, SIMULATIONS_LIKE_A_GAME = 32, 16
"""Before anything is known of an evaluation: so many games without search; with search fewer, by its simulations."""
LARGE_BOARDS, LARGER = ("square19", "hexagonal"), 4
LATE_CLAIMS, LATE_SECONDS = 2.0, 60.0
"""Late is what takes twice as long as others took; before anything is known, a minute."""


def games_at_once(evaluation: Evaluation, course: Course, asking: int) -> int:
    """How many games a claim should have, while so many workers ask."""
    most = _games_in(CLAIM_SECONDS, evaluation, course.recorded)
    least = _games_in(SHORTEST_SECONDS, evaluation, course.recorded)
    return max(min(most, -(-course.left // asking)), least, 1)


def _games_in(seconds: float, evaluation: Evaluation, recorded: int) -> int:
    """How many games are played in so many seconds: by what games of this evaluation cost, before that by a guess."""
    if evaluation.cost.cpu_seconds > 0 and recorded:
        return int(seconds * recorded / evaluation.cost.cpu_seconds)
    size = LARGER if evaluation.configuration.board_type in LARGE_BOARDS else 1
    first = FIRST_GAMES / (1 + evaluation.play.simulations / SIMULATIONS_LIKE_A_GAME) / size
    return int(first * seconds / CLAIM_SECONDS)


def late_after(evaluation: Evaluation, recorded: int, claim: Claim, claim_seconds: float) -> float:
    """After how many seconds a claim is late."""
    if claim.blocks is None or not recorded or evaluation.cost.cpu_seconds == 0:
        return LATE_SECONDS
    usual = claim.blocks.games * evaluation.cost.cpu_seconds / recorded
    return LATE_CLAIMS * max(usual, claim_seconds)


def allot(
    evaluation: Evaluation, course: Course, live: Sequence[Claim], wish: WorkWish, asking: int, claim_seconds: float
) -> Blocks | None:
    """The blocks that a worker should play now, of `asking` that want some; None where nothing is left that is surely needed, or so
    short that it may be played in vain."""
    most = min(wish.games, games_at_once(evaluation, course, asking))
    within = max(course.surely_needed, _games_in(SHORTEST_SECONDS, evaluation, course.recorded))
    return course.next_blocks([each.blocks for each in live if each.blocks], most, within)


def allot_idle(
    evaluation: Evaluation, course: Course, live: Sequence[Claim], wish: WorkWish, asking: int, claim_seconds: float
) -> Blocks | None:
    """What a worker should play rather than nothing: what may be needed; then what everybody waits for, if another worker is late
    with it."""
    recorded = course.recorded
    most = min(wish.games, games_at_once(evaluation, course, asking))
    blocks = course.next_blocks([each.blocks for each in live if each.blocks], most, course.left)
    if blocks is not None:
        return blocks
    late = [
        each.blocks
        for each in live
        if each.blocks
        and each.worker != wish.worker
        and each.is_late(late_after(evaluation, recorded, each, claim_seconds))
    ]
    again = course.late_blocks(late)
    holders = [
        each
        for each in live
        if again and each.blocks and again.opponent == each.blocks.opponent and again.first in each.blocks
    ]
    return again if len(holders) == 1 else None
