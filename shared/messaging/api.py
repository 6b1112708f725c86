"""The routes that every service has for its events: the feed, and the dead letters."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from shared.contract.events import Event, EventType, RejectedError
from shared.messaging.outbox import BEGINNING
from shared.service.frame import ServiceFrame
from shared.web.problems import Problem, problem_responses


class EventPage(BaseModel):
    """Events in order; pass `next` as `after` to go on."""

    items: list[Event]
    next: str


class DeadLetter(BaseModel):
    """A message that could not be handled, with the reason."""

    model_config = ConfigDict(from_attributes=True)

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


def messaging_router(frame: ServiceFrame) -> APIRouter:
    """The feed and the dead letters of one service."""
    router = APIRouter(prefix="/v1", tags=["events"])

    @router.get("/events", responses=problem_responses(422))
    async def list_events(
        after: Annotated[
            str, Query(description="Cursor of the last event already read", examples=[BEGINNING])
        ] = BEGINNING,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        type: Annotated[list[EventType] | None, Query(description="Only these types")] = None,
    ) -> EventPage:
        """This service's events in the order in which they became visible."""
        async with frame.database.read() as tx:
            try:
                events, cursor = await frame.outbox.page(tx, after, limit, [str(each) for each in type or ()])
            except ValueError as error:
                raise Problem(422, "invalid-cursor", str(error)) from None
        return EventPage(items=events, next=cursor)

    @router.get("/dead-letters", responses=problem_responses(422))
    async def list_dead_letters(
        after: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=1000)] = 100
    ) -> DeadLetterPage:
        """Messages that this service could not handle."""
        assert frame.inbox is not None
        async with frame.database.read() as tx:
            rows = await frame.inbox.dead_letters(tx, after, limit)
        return DeadLetterPage(items=[DeadLetter.model_validate(row) for row in rows])

    @router.post("/dead-letters/{letter_id}/replay", status_code=204, responses=problem_responses(404, 422))
    async def replay_dead_letter(letter_id: int) -> None:
        """Handle a dead letter again, after its cause was mended."""
        assert frame.inbox is not None
        try:
            found = await frame.inbox.replay(letter_id)
        except RejectedError as error:
            raise Problem(422, "still-rejected", str(error)) from None
        if not found:
            raise Problem(404, "not-found", f"there is no dead letter {letter_id}; GET /v1/dead-letters lists them")

    return router
