"""Following an evaluation live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.gauntlet.api.dependencies import Service
from services.gauntlet.schemas import EvaluationDetail
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

PROGRESS_SECONDS = 1.0
router = new_router("gauntlet", prefix="/v1/evaluations/{evaluation_id}/progress")


async def known(service: Service, evaluation_id: UUID) -> None:
    """Refuse before the stream begins."""
    await service.require(evaluation_id)


@router.get("", response_class=EventSourceResponse, responses=problems(NotFound), dependencies=[Depends(known)])
async def follow_evaluation(
    service: Service, evaluation_id: UUID, last_event_id: Annotated[int | None, Header(ge=0)] = None
) -> AsyncIterator[ServerSentEvent]:
    """Live progress: server-sent events with the evaluation at every change, named after its state, until it ends."""
    seen = -1 if last_event_id is None else last_event_id
    async for _ in service.changes(PROGRESS_SECONDS):
        evaluation = await service.require(evaluation_id)
        if evaluation.revision > seen:
            detail = EvaluationDetail.of(await service.details(evaluation_id))
            yield _sent(detail)
            seen = detail.revision
            if detail.has_ended:
                return
        elif evaluation.has_ended:
            return


def _sent(detail: EvaluationDetail) -> ServerSentEvent:
    data: dict[str, Any] = detail.model_dump(mode="json")
    return ServerSentEvent(data=data, event=detail.state, id=str(detail.revision))
