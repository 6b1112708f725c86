"""An evaluation's progress, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.schemas import EvaluationDetail
from shared.contract.words import MOST_ID
from shared.web.application import new_router
from shared.web.problems import NotFound, TooManyStreams, problems
from shared.web.streams import streaming

router = new_router("evaluations", prefix=PREFIX)
LastSeen = Annotated[
    int | None,
    Header(ge=0, le=MOST_ID, description="The revision that was seen last; only later ones come", examples=[3]),
]


async def known(service: Service, evaluation_id: EvaluationId) -> None:
    """Refuse before the stream begins: an answer that has begun cannot become a problem any more."""
    await service.evaluation(evaluation_id)


@router.get(
    "/{evaluation_id}/progress",
    response_class=EventSourceResponse,
    responses=problems(NotFound, TooManyStreams),
    dependencies=[Depends(known), Depends(streaming)],
)
async def follow_evaluation(
    service: Service, evaluation_id: EvaluationId, last_event_id: LastSeen = None
) -> AsyncIterator[ServerSentEvent]:
    """Live progress: server-sent events with the evaluation at every change, named after its state, until it ends."""
    async for standing in service.follow(evaluation_id, -1 if last_event_id is None else last_event_id):
        detail = EvaluationDetail.of_standing(standing)
        yield ServerSentEvent(data=detail.model_dump(mode="json"), event=detail.state, id=str(detail.revision))
