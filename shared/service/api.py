"""The routes that every service has for its events: the feed, the dead letters, and how long what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Self

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, Field

from shared.contract.events import Event, EventType, RejectedError
from shared.contract.events.asyncapi import document as asyncapi_document
from shared.contract.words import EVENT_KEY_PATTERN, MOST_ID
from shared.messaging.outbox import BEGINNING, CursorUnknownError
from shared.service.frame import ServiceFrame
from shared.storage.retention import Figures
from shared.web.application import Limit, new_open_router, new_router
from shared.web.keys import OPERATE
from shared.web.links import FIRST_ID, NEXT, linked
from shared.web.problems import NotFound, Problem, problems

MOST_TABLES = 20
router = new_router("events", prefix="/v1")
document_router = new_open_router("events")
asyncapi = cache(asyncapi_document)


class InvalidCursor(Problem):
    """The cursor is none of this feed."""

    status, slug = 422, "invalid-cursor"


class CursorUnknown(Problem):
    """The cursor is of another history of this feed (the database was restored), or what it names was pruned: begin anew."""

    status, slug = 410, "cursor-unknown"


class StillRejected(Problem):
    """The message cannot be handled now either; the detail says why."""

    status, slug = 422, "still-rejected"


async def frame_of(request: Request) -> ServiceFrame:
    """The frame of the service that answers."""
    frame: ServiceFrame = request.app.state.frame
    return frame


Frame = Annotated[ServiceFrame, Depends(frame_of)]
AfterLetter = Annotated[int, Query(ge=0, le=MOST_ID, description="Only dead letters with higher ids", examples=[7])]
LetterId = Annotated[int, Path(ge=1, le=MOST_ID, description="Of the dead letter", examples=[7])]
DryRun = Annotated[bool, Query(description="Only say what would go", openapi_examples={"a dry run": {"value": True}})]


class Events(BaseModel):
    """Events in order; pass `next` as `after` to go on. It is past events of other types as well."""

    items: list[Event]
    next: str = Field(examples=["12.7b0e8f4a-3c52-4d7e-9a61-2f0c5d8e1b94"])
    key: str = Field(
        pattern=EVENT_KEY_PATTERN,
        description="With which this process signs events on the bus just now: Ed25519, in hex",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )


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


class DeadLetters(BaseModel):
    """Dead letters, oldest first; pass `next` as `after` to go on."""

    items: list[DeadLetter]
    next: int | None = Field(description="Null at the end")


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

    items: list[KeptTable] = Field(max_length=MOST_TABLES)

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


@router.get("/events", responses=linked(200, list_events={"after": NEXT}) | problems(InvalidCursor, CursorUnknown))
async def list_events(
    frame: Frame,
    after: Annotated[
        str, Query(max_length=200, description="Cursor of the last event already read", examples=[BEGINNING])
    ] = BEGINNING,
    limit: Limit = 100,
    type: Annotated[
        list[EventType] | None, Query(max_length=100, description="Only these types", examples=[["MODEL_PROMOTED"]])
    ] = None,
) -> Events:
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
    return Events(items=events, next=cursor, key=frame.connections.signer.key)


@document_router.get("/asyncapi.json", include_in_schema=False)
def read_asyncapi() -> dict[str, Any]:
    """Every type of event of the suite, as AsyncAPI 3.0 describes it."""
    return asyncapi()


@router.get("/retention")
async def read_retention(frame: Frame) -> RetentionReport:
    """What is kept for how long, and what would be deleted now."""
    return RetentionReport.of(await frame.retention.figures())


@router.post("/retention", dependencies=[OPERATE])
async def prune(frame: Frame, dry_run: DryRun = False) -> Pruned:
    """Delete now what is over its time, as happens every hour by itself. Nothing that a decision rests on is ever deleted."""
    if not dry_run:
        return Pruned(deleted=await frame.retention.prune(), dry_run=False)
    return Pruned(deleted={each.rule.table: each.overdue for each in await frame.retention.figures()}, dry_run=True)


@router.get(
    "/dead-letters",
    responses=linked(200, list_dead_letters={"after": NEXT}, replay_dead_letter={"letter_id": FIRST_ID}),
)
async def list_dead_letters(frame: Frame, after: AfterLetter = 0, limit: Limit = 100) -> DeadLetters:
    """Messages that this service could not handle."""
    async with frame.connections.database.read() as tx:
        letters = await frame.inbox.dead_letters(tx, after, limit)
    more = letters[-1].id if len(letters) == limit else None
    return DeadLetters(items=[DeadLetter.model_validate(letter._asdict()) for letter in letters], next=more)


@router.post(
    "/dead-letters/{letter_id}/replay",
    status_code=204,
    dependencies=[OPERATE],
    responses=problems(NotFound, StillRejected),
)
async def replay_dead_letter(frame: Frame, letter_id: LetterId) -> None:
    """Handle a dead letter again, after its cause was mended."""
    try:
        found = await frame.inbox.replay(letter_id)
    except RejectedError as error:
        raise StillRejected(str(error)) from None
    if not found:
        raise NotFound(f"there is no dead letter {letter_id}; GET /v1/dead-letters lists them")
