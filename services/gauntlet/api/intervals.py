"""How the intervals of an evaluation's win rates closed, for pictures."""

from __future__ import annotations

from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.progress_views import IntervalCourse, IntervalCourses
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

router = new_router("evaluations", prefix=PREFIX)


@router.get("/{evaluation_id}/intervals", responses=problems(NotFound))
async def list_intervals(service: Service, evaluation_id: EvaluationId) -> IntervalCourses:
    """The 95 % interval of each win rate after the first so many games, at a few points; it may be looked at after any game."""
    found = await service.closings(evaluation_id)
    return IntervalCourses(items=[IntervalCourse.of(each) for each in found])
