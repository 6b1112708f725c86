"""The routes that every service has for its events: the feed, and the dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel

from shared.contract.events import Event, EventType, RejectedError
from shared.messaging.outbox import BEGINNING
from shared.service.frame import ServiceFrame
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, Problem, problems

router = new_router("events", prefix="/v1")


class InvalidCursor(Problem):
    """The cursor is none of this feed."""

    status, slug = 422, "invalid-cursor"


class StillRejected(Problem):
    """The message cannot be handled now either; the detail says why."""

    status, slug = 422, "still-rejected"


def frame_of(request: Request) -> ServiceFrame:
    """The frame of the service that answers."""
    frame: ServiceFrame = request.app.state.frame
    return frame


Frame = Annotated[ServiceFrame, Depends(frame_of)]


class EventPage(BaseModel):
    """Events in order; pass `next` as `after` to go on."""

    items: list[Event]
    next: str


class DeadLetter(BaseModel):
    """A message that could not be handled, with the reason."""

    id: int
    event_id: str | None
    subject: str
    payload: str
    reason: str
    deliveries: int
    died_at: datetime
    replayed_at: datetime | None


class DeadLetterPage(BaseModel):
    """Dead letters, oldest first; pass the last id as `after` to go on."""

    items: list[DeadLetter]


@router.get("/events", responses=problems(InvalidCursor))
async def list_events(
    frame: Frame,
    after: Annotated[str, Query(description="Cursor of the last event already read", examples=[BEGINNING])] = BEGINNING,
    limit: Limit = 100,
    type: Annotated[list[EventType] | None, Query(description="Only these types")] = None,
) -> EventPage:
    """This service's events in the order in which they became visible."""
    async with frame.connections.database.read() as tx:
        try:
            events, cursor = await frame.connections.outbox.page(tx, after, limit, type or ())
        except ValueError as error:
            raise InvalidCursor(str(error)) from None
    return EventPage(items=events, next=cursor)


@router.get("/dead-letters")
async def list_dead_letters(frame: Frame, after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100) -> DeadLetterPage:
    """Messages that this service could not handle."""
    async with frame.connections.database.read() as tx:
        letters = await frame.inbox.dead_letters(tx, after, limit)
    return DeadLetterPage(items=[DeadLetter.model_validate(letter._asdict()) for letter in letters])


@router.post(
    "/dead-letters/{letter_id}/replay",
    status_code=204,
    dependencies=[OPERATE],
    responses=problems(NotFound, StillRejected),
)
async def replay_dead_letter(frame: Frame, letter_id: Annotated[int, Path()]) -> None:
    """Handle a dead letter again, after its cause was mended."""
    try:
        found = await frame.inbox.replay(letter_id)
    except RejectedError as error:
        raise StillRejected(str(error)) from None
    if not found:
        raise NotFound(f"there is no dead letter {letter_id}; GET /v1/dead-letters lists them")
