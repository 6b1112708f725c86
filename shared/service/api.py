"""The routes that every service has for its events: the feed, the dead letters, and how long what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field

from shared.contract.events import Event, EventType, RejectedError
from shared.contract.words import MOST_ID
from shared.messaging.outbox import BEGINNING, CursorUnknownError
from shared.service.frame import ServiceFrame
from shared.storage.retention import Figures
from shared.web.application import Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, Problem, problems

router = new_router("events", prefix="/v1")


class InvalidCursor(Problem):
    """The cursor is none of this feed."""

    status, slug = 422, "invalid-cursor"


class CursorUnknown(Problem):
    """The cursor is of another history of this feed (the database was restored), or what it names was pruned: begin anew."""

    status, slug = 410, "cursor-unknown"


class StillRejected(Problem):
    """The message cannot be handled now either; the detail says why."""

    status, slug = 422, "still-rejected"


def frame_of(request: Request) -> ServiceFrame:
    """The frame of the service that answers."""
    frame: ServiceFrame = request.app.state.frame
    return frame


Frame = Annotated[ServiceFrame, Depends(frame_of)]


class EventPage(BaseModel):
    """Events in order; pass `next` as `after` to go on. It is past events of other types as well."""

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


class KeptTable(BaseModel):
    """A table of which some rows are kept for a time only."""

    table: str
    what: str
    keep_days: float
    rows: int = Field(description="As Postgres estimates them")
    bytes: int = Field(description="With the indexes")
    overdue: int = Field(description="Rows that would be deleted now")


class RetentionReport(BaseModel):
    """Every such table of this service."""

    items: list[KeptTable]

    @classmethod
    def of(cls, figures: Sequence[Figures]) -> Self:
        """From the figures."""
        return cls(
            items=[
                KeptTable(
                    table=rule.table, what=rule.what, keep_days=rule.days,
                    rows=size.rows, bytes=size.bytes, overdue=overdue,
                )
                for rule, size, overdue in figures
            ]
        )  # fmt: skip


class Pruned(BaseModel):
    """Rows by table that were deleted, or would be."""

    deleted: dict[str, int]
    dry_run: bool


@router.get("/events", responses=problems(InvalidCursor, CursorUnknown))
async def list_events(
    frame: Frame,
    after: Annotated[
        str, Query(max_length=200, description="Cursor of the last event already read", examples=[BEGINNING])
    ] = BEGINNING,
    limit: Limit = 100,
    type: Annotated[list[EventType] | None, Query(max_length=100, description="Only these types")] = None,
) -> EventPage:
    """This service's events in the order in which they became visible."""
    outbox, database = frame.connections.outbox, frame.connections.database
    await outbox.order_once(database)
    async with database.read() as tx:
        try:
            events, cursor = await outbox.page(tx, after, limit, type or ())
        except ValueError as error:
            raise InvalidCursor(str(error)) from None
        except CursorUnknownError as error:
            raise CursorUnknown(str(error)) from None
    return EventPage(items=events, next=cursor)


@router.get("/retention")
async def read_retention(frame: Frame) -> RetentionReport:
    """What is kept for how long, and what would be deleted now."""
    return RetentionReport.of(await frame.retention.figures())


@router.post("/retention", dependencies=[OPERATE])
async def prune(frame: Frame, dry_run: Annotated[bool, Query(description="Only say what would go")] = False) -> Pruned:
    """Delete now what is over its time, as happens every hour by itself. Nothing that a decision rests on is ever deleted."""
    if not dry_run:
        return Pruned(deleted=await frame.retention.prune(), dry_run=False)
    return Pruned(deleted={each.rule.table: each.overdue for each in await frame.retention.figures()}, dry_run=True)


@router.get("/dead-letters")
async def list_dead_letters(
    frame: Frame, after: Annotated[int, Query(ge=0, le=MOST_ID)] = 0, limit: Limit = 100
) -> DeadLetterPage:
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
async def replay_dead_letter(frame: Frame, letter_id: Annotated[int, Path(ge=1, le=MOST_ID)]) -> None:
    """Handle a dead letter again, after its cause was mended."""
    try:
        found = await frame.inbox.replay(letter_id)
    except RejectedError as error:
        raise StillRejected(str(error)) from None
    if not found:
        raise NotFound(f"there is no dead letter {letter_id}; GET /v1/dead-letters lists them")
