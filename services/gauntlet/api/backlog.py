"""What is left to play, for operators and for whatever scales workers."""

from __future__ import annotations

from services.gauntlet.api.work import Workers
from services.gauntlet.backlog import total
from services.gauntlet.schemas import Backlog, BackloggedEvaluation
from shared.web.application import new_router

router = new_router("work", prefix="/v1/work")


@router.get("/backlog")
async def read_backlog(dispatcher: Workers) -> Backlog:
    """What is left to play, in games and processor seconds: the figure to scale workers on."""
    found = await dispatcher.backlog()
    together = total(found)
    evaluations = [BackloggedEvaluation.model_validate(each._asdict()) for each in found]
    return Backlog(
        evaluations=evaluations,
        games=together.games,
        seconds=together.seconds,
        waiting_workers=dispatcher.waiting_workers,
    )
