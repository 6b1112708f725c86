"""Statements about the audit: who did what, a chain of rows for each configuration."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Insert, Row, Text, and_, bindparam, cast, exists, func, insert, literal, select, true

from services.promotion import tables as t
from services.promotion.act import AuditRow
from services.promotion.repository.epochs import EPOCH
from shared.contract.audit_chain import ChainHead
from shared.contract.words import AuditAction
from shared.storage.database import Read, Write, lock, lock_for_transaction, locked
from shared.storage.together import Rows, bound

_ROW = [t.audit.c[name] for name in AuditRow.__dataclass_fields__]
_chain = func.coalesce(t.audit.c.configuration, "")
_now = select(func.clock_timestamp().label("at"), EPOCH.label("epoch")).subquery()
_NEWEST = select(t.audit.c.sequence, t.audit.c.hash).where(_chain == bindparam("chain", type_=Text))
LAST = _NEWEST.order_by(t.audit.c.sequence.desc()).limit(1)
_last = LAST.subquery()
_MOMENT = select(_now, _last).outerjoin_from(_now, _last, true())
_LOCK = "promotion audit"
_NAMES = tuple(AuditRow.__dataclass_fields__)


class Moment(NamedTuple):
    """Now, by the database's clock; the last row of a chain, None before the first; and the epoch of the ledger."""

    at: datetime
    head: ChainHead | None
    epoch: int


class ListedRow(NamedTuple):
    """A row with its place in the whole audit."""

    id: int
    row: AuditRow


async def audit_moment(tx: Write, configuration: str | None) -> Moment:
    """Where the next row of a chain goes. Until the transaction ends nobody else writes one."""
    await lock_for_transaction(tx, _LOCK)
    found = (await tx.execute(_MOMENT, {"chain": configuration or ""})).one()
    return Moment(found.at, ChainHead(configuration, found.sequence, found.hash) if found.hash else None, found.epoch)


def audited(row: AuditRow) -> Rows:
    """A row to be appended; the database refuses any but the next one of its chain."""
    return Rows(_append, [vars(row)])


def _append(rows: str) -> Insert:
    """One writer at a time until its transaction ends, so that rows are seen in the order of their places, and whoever reads on
    from one misses none."""
    given, alone = bound(rows, t.audit, _NAMES), locked(lock(literal(_LOCK, Text)))
    return insert(t.audit).from_select(_NAMES, select(given).join_from(given, alone, true()))


async def audit_rows(
    tx: Read, configuration: str | None, before: int | None, after: int | None, limit: int,
    action: AuditAction | None = None, actor: str | None = None,
) -> list[ListedRow]:  # fmt: skip
    """Rows, newest first; after a place, if one is given, oldest first. Of one configuration, action and person only, if given."""
    order = t.audit.c.id.desc() if after is None else t.audit.c.id
    statement = select(t.audit.c.id, *_ROW).order_by(order).limit(limit)
    if configuration is not None:
        statement = statement.where(_chain == configuration)
    if action is not None:
        statement = statement.where(t.audit.c.action == action)
    if actor is not None:
        statement = statement.where(t.audit.c.actor == actor)
    if before is not None:
        statement = statement.where(t.audit.c.id < before)
    if after is not None:
        statement = statement.where(t.audit.c.id > after)
    return [_listed(row) for row in await tx.execute(statement)]


async def unrecorded_versions(tx: Read, limit: int) -> list[tuple[str, int]]:
    """Canonical versions of which the audit has no move to these bytes."""
    version, moved = t.canonical_versions, t.audit.c.subject
    its_move = and_(
        t.audit.c.action == "move",
        _chain == version.c.configuration,
        moved["version"].astext == cast(version.c.version, Text),
        moved["digest"].astext == version.c.digest,
    )
    statement = select(version.c.configuration, version.c.version).where(~exists().where(its_move)).limit(limit)
    return [(row.configuration, row.version) for row in await tx.execute(statement)]


def _listed(row: Row[Any]) -> ListedRow:
    content = dict(row._mapping)
    return ListedRow(content.pop("id"), AuditRow(**content))
