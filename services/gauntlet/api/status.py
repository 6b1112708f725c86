"""The service at a glance."""

from __future__ import annotations

from services.gauntlet.api.dependencies import Service
from services.gauntlet.schemas import EvaluationView, GauntletStatus, TrainingView
from shared.contract.gauntlet_daemon import GauntletDaemon
from shared.web.application import new_router

router = new_router("status")


@router.get("/status")
async def read_status(service: Service) -> GauntletStatus:
    """How many evaluations have not ended, what trainers announced last, and the last evaluations that failed."""
    overview = await service.overview()
    return GauntletStatus(
        daemon=GauntletDaemon.model_validate(overview.open),
        trainings=[TrainingView.of(each) for each in overview.trainings],
        failed=[EvaluationView.of(each) for each in overview.failed],
    )
