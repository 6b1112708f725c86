"""Statements about holds: placing, lifting and listing them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Select, Text, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.hold import Hold, PlacedHold
from services.promotion.repository.weights import holds_weights_of
from shared.contract.words import HoldKind
from shared.storage.database import Read, Write

_HOLD = [t.holds.c[name] for name in Hold.__dataclass_fields__]
_ACTIVE = t.holds.c.lifted_at.is_(None)
ON = select(*_HOLD).where(
    _ACTIVE,
    t.holds.c.configuration == bindparam("configuration"),
    or_(t.holds.c.digest.is_(None), holds_weights_of(t.holds.c.digest, bindparam("digest", type_=Text))),
)


async def holds_on(tx: Read, configuration: str, digest: str | None) -> list[Hold]:
    """What lies on a configuration, and on these bytes in it, or on others with the same weights."""
    return await _holds(tx, ON, {"configuration": configuration, "digest": digest})


async def list_holds(
    tx: Read, configuration: str | None, before: UUID | None, limit: int, *, lifted: bool
) -> list[Hold]:
    """Holds, newest first; with `lifted` also those of the past."""
    order = tuple_(t.holds.c.placed_at, t.holds.c.id)
    statement = select(*_HOLD).order_by(t.holds.c.placed_at.desc(), t.holds.c.id.desc()).limit(limit)
    if not lifted:
        statement = statement.where(_ACTIVE)
    if configuration is not None:
        statement = statement.where(t.holds.c.configuration == configuration)
    if before is not None:
        earlier = select(t.holds.c.placed_at, t.holds.c.id).where(t.holds.c.id == before)
        statement = statement.where(order < earlier.scalar_subquery())
    return await _holds(tx, statement)


async def place_hold(tx: Write, placed: PlacedHold) -> UUID:
    """Write a hold; returns its id. The caller holds the configuration's lock, and has lifted the one before."""
    hold_id = uuid4()
    await tx.execute(insert(t.holds).values(id=hold_id, **asdict(placed)))
    return hold_id


async def lift_hold(tx: Write, hold_id: UUID, by: str, because: str) -> None:
    """End a hold."""
    lifted = {"lifted_by": by, "lifted_at": func.clock_timestamp(), "lifted_because": because}
    await tx.execute(update(t.holds).where(t.holds.c.id == hold_id, _ACTIVE).values(lifted))


async def hold(tx: Read, hold_id: UUID) -> Hold | None:
    """One hold."""
    found = await _holds(tx, select(*_HOLD).where(t.holds.c.id == hold_id))
    return found[0] if found else None


async def _holds(tx: Read, statement: Select[Any], values: Mapping[str, Any] | None = None) -> list[Hold]:
    rows = await tx.execute(statement, values)
    return [Hold(**{**row._mapping, "kind": HoldKind(row.kind)}) for row in rows]
