"""The courses of evaluations that this process had under their locks last, so that not every report reads all games again.

A course is good for the revision that it was kept at: whoever changes the games, in whatever process, moves the evaluation.
"""

from __future__ import annotations

from collections import OrderedDict
from uuid import UUID

from services.gauntlet import repository
from services.gauntlet.course import Course
from services.gauntlet.evaluation import Evaluation
from shared.storage.database import Read, Write, after_commit

MOST_KEPT = 256


class Courses:
    """How far evaluations are. What `of` gives is its caller's alone, until it is kept again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, tuple[int, Course]] = OrderedDict()

    async def of(self, tx: Read, evaluation: Evaluation) -> Course:
        """The course of an evaluation that is locked."""
        revision, course = self._kept.pop(evaluation.id, (None, None))
        return course if course is not None and revision == evaluation.revision else await course_of(tx, evaluation)

    def keep(self, tx: Write, evaluation: Evaluation, course: Course) -> None:
        """It is the course of the evaluation as the transaction leaves it."""
        after_commit(tx, lambda: self._keep(evaluation, course))

    def _keep(self, evaluation: Evaluation, course: Course) -> None:
        self._kept[evaluation.id] = evaluation.revision, course
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def tells_repeats(evaluation: Evaluation) -> bool:
    """Whether some rule looks at which games are the same."""
    return evaluation.playable.gates.mode != "exact" or bool(evaluation.panel)


async def course_of(tx: Read, evaluation: Evaluation) -> Course:
    """How far an evaluation is, as it is recorded."""
    return Course(evaluation, await repository.recorded(tx, evaluation.id, repeats=tells_repeats(evaluation)))
