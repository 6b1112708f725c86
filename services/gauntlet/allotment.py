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
CLAIM_SECONDS, SHORTEST_SECONDS, VAIN_SECONDS = 5.0, 1.0, 0.5
"""What a claim should take; what it takes at least where workers share; and what may be played in vain, because to ask once more
would take longer."""
FIRST_GAMES, SIMULATIONS_LIKE_A_GAME = 32, 16
"""Before anything is known of an evaluation: so many games without search; with search fewer, by its simulations."""
LARGE_BOARDS, LARGER = ("square19", "hexagonal"), 4
LATE_CLAIMS, LATE_SECONDS = 2.0, 60.0
"""Late is what takes twice as long as others took; before anything is known, a minute."""


def games_at_once(evaluation: Evaluation, course: Course, sharing: int, wanted: int) -> int:
    """How many games a claim should have: a share of those that are wanted and free, where so many workers play them."""
    most = _games_in(CLAIM_SECONDS, evaluation, course.recorded)
    least = _games_in(SHORTEST_SECONDS, evaluation, course.recorded)
    return most if sharing == 1 else max(min(most, -(-wanted // sharing)), least)


def _games_in(seconds: float, evaluation: Evaluation, recorded: int) -> int:
    """How many games are played in so many seconds: by what games of this evaluation cost, before that by a guess."""
    if evaluation.cost.cpu_seconds > 0 and recorded:
        return int(seconds * recorded / evaluation.cost.cpu_seconds)
    size = LARGER if evaluation.configuration.board_type in LARGE_BOARDS else 1
    first = FIRST_GAMES / (1 + evaluation.play.simulations / SIMULATIONS_LIKE_A_GAME) / size
    return int(first * seconds / CLAIM_SECONDS)


def late_at_the_earliest(claim_seconds: float) -> float:
    """After how many seconds a claim may be late."""
    return min(LATE_SECONDS, LATE_CLAIMS * claim_seconds)


def late_after(evaluation: Evaluation, recorded: int, claim: Claim, claim_seconds: float) -> float:
    """After how many seconds a claim is late."""
    if claim.blocks is None or not recorded or evaluation.cost.cpu_seconds == 0:
        return LATE_SECONDS
    usual = claim.blocks.games * evaluation.cost.cpu_seconds / recorded
    return LATE_CLAIMS * max(usual, claim_seconds)


def allot(
    evaluation: Evaluation, course: Course, live: Sequence[Claim], wish: WorkWish, asking: int, claim_seconds: float
) -> Blocks | None:
    """The blocks that a worker should play now, of `asking` that want some; None where nothing is left that is likely to count, or
    so short that it does not matter."""
    claimed = [each.blocks for each in live if each.blocks]
    within = max(course.likely_needed, _games_in(VAIN_SECONDS, evaluation, course.recorded))
    others = {each.worker for each in live if each.blocks} - {wish.worker}
    wanted = evaluation.configuration.num_players * len(course.free(claimed, within))
    most = min(wish.games, games_at_once(evaluation, course, asking + len(others), wanted))
    return course.next_blocks(claimed, most, within)


def allot_late(
    evaluation: Evaluation, course: Course, live: Sequence[Claim], wish: WorkWish, asking: int, claim_seconds: float
) -> Blocks | None:
    """What everybody waits for, to a worker that has nothing else to do, if another worker is late with it."""
    recorded = course.recorded
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
