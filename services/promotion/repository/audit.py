"""Statements about the audit: who did what, a chain of rows for each configuration."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, and_, bindparam, cast, exists, func, select, true
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.act import AuditRow
from shared.contract.audit_chain import ChainHead
from shared.storage.database import Read, Write, lock_for_transaction

_ROW = [t.audit.c[name] for name in AuditRow.__dataclass_fields__]
_chain = func.coalesce(t.audit.c.configuration, "")
_epoch = select(func.coalesce(func.max(t.epochs.c.epoch), 0)).scalar_subquery()
_now = select(func.clock_timestamp().label("at"), _epoch.label("epoch")).subquery()
_newest = select(t.audit.c.sequence, t.audit.c.hash).where(_chain == bindparam("chain", type_=Text))
_last = _newest.order_by(t.audit.c.sequence.desc()).limit(1).subquery()
_MOMENT = select(_now, _last).outerjoin_from(_now, _last, true())


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
    """Where the next row of a chain goes. Until the transaction ends nobody else writes one, so that rows are seen in the order of
    their places, and whoever reads on from one misses none."""
    await lock_for_transaction(tx, "promotion audit")
    found = (await tx.execute(_MOMENT, {"chain": configuration or ""})).one()
    return Moment(found.at, ChainHead(configuration, found.sequence, found.hash) if found.hash else None, found.epoch)


async def append_audit(tx: Write, row: AuditRow) -> None:
    """Append a row; the database refuses any but the next one of its chain."""
    await tx.execute(insert(t.audit), asdict(row))


async def audit_rows(
    tx: Read, configuration: str | None, before: int | None, after: int | None, limit: int
) -> list[ListedRow]:
    """Rows, newest first; after a place, if one is given, oldest first. Of one configuration only, if given."""
    order = t.audit.c.id.desc() if after is None else t.audit.c.id
    statement = select(t.audit.c.id, *_ROW).order_by(order).limit(limit)
    if configuration is not None:
        statement = statement.where(_chain == configuration)
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
