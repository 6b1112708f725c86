"""The crash dossiers of an evaluation."""

from __future__ import annotations

from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.schemas import Crashes, CrashView
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

router = new_router("evaluations", prefix=PREFIX)


@router.get("/{evaluation_id}/crashes", responses=problems(NotFound))
async def list_crashes(service: Service, evaluation_id: EvaluationId) -> Crashes:
    """Games that errored, and workers and models that were lost: the first of them, each with what is known of it. Texts are as the
    crashed process wrote them: spell out what would steer a terminal before you show them."""
    return Crashes(items=[CrashView.of(each) for each in await service.crashes(evaluation_id)])
