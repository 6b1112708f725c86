"""Statements about webhooks and their notices: who is told what, and how far that is."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.webhook import NewWebhook, Notice, NoticeRow, Webhook
from shared.contract.words import NoticeState
from shared.storage.database import Read, Write, lock_for_transaction
from shared.storage.pruning import older_than, rule
from shared.storage.retention import Rule

STEP = 1000
"""Places of the feed that are noted at once for a webhook."""
_OUTBOX = t.MESSAGING.outbox
_WEBHOOK, _NOTICE = t.webhooks, t.webhook_notices
_WAITS = _NOTICE.c.state == NoticeState.WAITING
_LAST = select(func.coalesce(func.max(_OUTBOX.c.sequence), 0)).scalar_subquery()


async def lock_webhooks(tx: Write) -> None:
    """One who notes events, or adds a webhook, at a time: held until the transaction ends."""
    await lock_for_transaction(tx, "promotion webhooks")


async def add_webhook(tx: Write, new: NewWebhook) -> None:
    """Write a webhook, which is told of what comes after the newest event of the feed."""
    row = {**asdict(new), "types": list(new.types)}
    await tx.execute(insert(_WEBHOOK).values(**row, place=_LAST))


async def webhooks(tx: Read, webhook_id: UUID | None = None) -> list[Webhook]:
    """Every webhook, oldest first, or that one, with its figures."""
    names = ("id", "url", "types", "created_by", "created_at", "last_error", "last_error_at", "format")
    named = [_WEBHOOK.c[name] for name in names]
    figures = [
        func.count().filter(_WAITS).label("waiting"),
        func.count().filter(_NOTICE.c.state == NoticeState.TAKEN).label("taken"),
        func.count().filter(_NOTICE.c.state == NoticeState.DEAD).label("dead"),
        func.min(_NOTICE.c.noted_at).filter(_WAITS).label("oldest_waiting_at"),
        func.max(_NOTICE.c.ended_at).filter(_NOTICE.c.state == NoticeState.TAKEN).label("last_taken_at"),
    ]
    joined = _WEBHOOK.outerjoin(_NOTICE, _NOTICE.c.webhook_id == _WEBHOOK.c.id)
    statement = select(*named, *figures).select_from(joined).group_by(_WEBHOOK.c.id)
    if webhook_id is not None:
        statement = statement.where(_WEBHOOK.c.id == webhook_id)
    rows = await tx.execute(statement.order_by(_WEBHOOK.c.created_at, _WEBHOOK.c.id))
    return [Webhook(**row._mapping) for row in rows]


async def count_webhooks(tx: Read) -> int:
    """How many there are."""
    return int((await tx.execute(select(func.count()).select_from(_WEBHOOK))).scalar_one())


async def remove_webhook(tx: Write, webhook_id: UUID) -> None:
    """Delete a webhook with all its notices."""
    await tx.execute(delete(_WEBHOOK).where(_WEBHOOK.c.id == webhook_id))


async def webhooks_lag(tx: Read) -> bool:
    """Whether the feed has events that were not looked at for some webhook."""
    return (await tx.execute(select(_WEBHOOK.c.id).where(_WEBHOOK.c.place < _LAST).limit(1))).first() is not None


async def note_events(tx: Write) -> None:
    """Make the notices of the events that each webhook was not told of yet, a thousand places of the feed at most for each."""
    await lock_webhooks(tx)
    reach = func.least(_LAST, _WEBHOOK.c.place + STEP)
    wanted = or_(func.cardinality(_WEBHOOK.c.types) == 0, _OUTBOX.c.type == func.any(_WEBHOOK.c.types))
    new = and_(_OUTBOX.c.sequence > _WEBHOOK.c.place, _OUTBOX.c.sequence <= reach, wanted)
    columns = ("event_id", "sequence", "type", "subject", "event")
    found = select(_WEBHOOK.c.id, *(_about(name) for name in columns)).join_from(_WEBHOOK, _OUTBOX, new)
    noted = insert(_NOTICE).from_select(["webhook_id", *columns], found)
    await tx.execute(noted.on_conflict_do_nothing())
    await tx.execute(update(_WEBHOOK).where(_WEBHOOK.c.place < _LAST).values(place=reach))


def _about(name: str) -> ColumnElement[Any]:
    """A column of an event; its subject as the feed gives it, which is the configuration."""
    return _OUTBOX.c.event["subject"].astext if name == "subject" else _OUTBOX.c[name]


def _first(*conditions: ColumnElement[bool]) -> Select[Any]:
    """Notices that are due, and before which none of their configuration waits at their webhook."""
    earlier = _NOTICE.alias()
    blocked = select(earlier.c.event_id).where(
        earlier.c.webhook_id == _NOTICE.c.webhook_id, earlier.c.subject == _NOTICE.c.subject,
        earlier.c.state == NoticeState.WAITING, earlier.c.sequence < _NOTICE.c.sequence,
    )  # fmt: skip
    due = _NOTICE.c.due_at <= func.clock_timestamp()
    return select(_NOTICE.c.event_id).where(_WAITS, due, ~blocked.exists(), *conditions)


async def webhooks_due(tx: Read) -> list[UUID]:
    """The webhooks that have a notice to be sent now."""
    statement = _first().with_only_columns(_NOTICE.c.webhook_id).distinct()
    return list((await tx.execute(statement)).scalars())


async def take_up_notice(tx: Write, webhook_id: UUID, seconds: float) -> Notice | None:
    """The next notice of a webhook that is due, left alone by everybody else for so many seconds."""
    mine = _NOTICE.c.webhook_id == webhook_id
    head = (
        _first(mine).order_by(_NOTICE.c.sequence).limit(1).with_for_update(of=_NOTICE, skip_locked=True).correlate(None)
    )
    changed = {
        "attempts": _NOTICE.c.attempts + 1,
        "due_at": func.clock_timestamp() + timedelta(seconds=seconds),
    }
    told = [_NOTICE.c[name] for name in ("webhook_id", "event_id", "attempts", "event")]
    this = (mine, _NOTICE.c.event_id == head.scalar_subquery(), _WEBHOOK.c.id == _NOTICE.c.webhook_id)
    taken_up = update(_NOTICE).where(*this).values(changed)
    row = (await tx.execute(taken_up.returning(*told, _WEBHOOK.c.url, _WEBHOOK.c.secret, _WEBHOOK.c.format))).first()
    return Notice(*row) if row else None


async def notice_taken(tx: Write, notice: Notice) -> None:
    """Its receiver has it."""
    await _end(tx, notice, {"state": NoticeState.TAKEN, "ended_at": func.clock_timestamp(), "last_error": None})


async def notice_failed(tx: Write, notice: Notice, reason: str, pause: float | None) -> None:
    """Its receiver did not take it: try again after so many seconds, None for never."""
    now = func.clock_timestamp()
    dead = {"state": NoticeState.DEAD, "ended_at": now}
    await _end(
        tx, notice, {**(dead if pause is None else {"due_at": now + timedelta(seconds=pause)}), "last_error": reason}
    )
    failed = update(_WEBHOOK).where(_WEBHOOK.c.id == notice.webhook_id)
    await tx.execute(failed.values(last_error=reason, last_error_at=now))


async def _end(tx: Write, notice: Notice, changed: dict[str, Any]) -> None:
    """Write what came of a try, unless the notice was taken up again, or replayed, meanwhile."""
    this = (_NOTICE.c.webhook_id == notice.webhook_id, _NOTICE.c.event_id == notice.event_id)
    await tx.execute(update(_NOTICE).where(*this, _WAITS, _NOTICE.c.attempts == notice.attempts).values(changed))


async def replay_notices(tx: Write, webhook_id: UUID, place: int | None) -> None:
    """Have everything after a place of the feed sent again, or, without one, what is dead."""
    mine = _NOTICE.c.webhook_id == webhook_id
    which = _NOTICE.c.state == NoticeState.DEAD if place is None else _NOTICE.c.sequence > place
    again = {"state": NoticeState.WAITING, "attempts": 0, "due_at": func.clock_timestamp(), "ended_at": None}
    await tx.execute(update(_NOTICE).where(mine, which).values(again))
    if place is not None:
        back = {"place": func.least(_WEBHOOK.c.place, place)}
        await tx.execute(update(_WEBHOOK).where(_WEBHOOK.c.id == webhook_id).values(back))


async def notices(
    tx: Read, webhook_id: UUID, state: NoticeState | None, before: int | None, limit: int
) -> list[NoticeRow]:
    """A webhook's notices, newest event first; `before`: only those of earlier places in the feed."""
    named = [_NOTICE.c[name] for name in NoticeRow._fields]
    statement = (
        select(*named).where(_NOTICE.c.webhook_id == webhook_id).order_by(_NOTICE.c.sequence.desc()).limit(limit)
    )
    if state is not None:
        statement = statement.where(_NOTICE.c.state == state)
    if before is not None:
        statement = statement.where(_NOTICE.c.sequence < before)
    return [NoticeRow(**{**row._mapping, "state": NoticeState(row.state)}) for row in await tx.execute(statement)]


def notice_rule(days: float) -> Rule:
    """How long notices are kept that have ended."""
    return rule(
        _NOTICE, "webhook notices that were taken or are dead", days, lambda age: older_than(age, _NOTICE.c.ended_at)
    )
