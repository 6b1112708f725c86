"""A distribution's progress, as server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.distribution.api.dependencies import Service
from services.distribution.api.distributions import Key, key_of
from services.distribution.distribution_schemas import REVISION_PATTERN, DistributionDetailView
from shared.web.application import new_router
from shared.web.problems import NotFound, TooManyStreams, problems
from shared.web.streams import streaming

router = new_router("distributions", prefix="/v1/distributions")
LastSeen = Annotated[
    str | None,
    Header(
        max_length=16,
        pattern=REVISION_PATTERN,
        description="The revision that was seen last; it is not sent again",
        examples=["44136fa355b3678a"],
    ),
]


async def known(service: Service, distribution: Key) -> None:
    """Refuse before the stream begins: an answer that has begun cannot become a problem any more."""
    await service.rollouts.show(key_of(distribution))


@router.get(
    "/{distribution}/progress",
    response_class=EventSourceResponse,
    responses=problems(NotFound, TooManyStreams),
    dependencies=[Depends(known), Depends(streaming)],
)
async def follow_distribution(
    service: Service, distribution: Key, last_event_id: LastSeen = None
) -> AsyncIterator[ServerSentEvent]:
    """Live progress: server-sent events with the distribution and its nodes at every change, named after its state, until every
    node holds it or another version is canonical."""
    async for detail in service.rollouts.follow(key_of(distribution), last_event_id):
        shown = DistributionDetailView.of_detail(detail)
        name = "completed" if shown.completed_at else shown.state.value
        yield ServerSentEvent(data=shown.model_dump(mode="json"), event=name, id=shown.revision)
