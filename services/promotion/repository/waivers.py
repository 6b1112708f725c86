"""Statements about waivers of versions that were forced."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.waiver import GrantedWaiver, Waiver
from shared.contract.words import WaiverState
from shared.storage.database import Read, Write

_WAIVER = [
    *(t.waivers.c[name] for name in Waiver.__dataclass_fields__ if name != "seen_at"),
    func.now().label("seen_at"),
]


async def grant_waiver(tx: Write, granted: GrantedWaiver, seconds: float) -> None:
    """Write a waiver, good for so many seconds."""
    expires_at = func.clock_timestamp() + timedelta(seconds=seconds)
    await tx.execute(insert(t.waivers).values(**asdict(granted), expires_at=expires_at))


async def waiver(tx: Read, waiver_id: UUID) -> Waiver | None:
    """One waiver."""
    found = await _waivers(tx, select(*_WAIVER).where(t.waivers.c.id == waiver_id))
    return found[0] if found else None


async def waivers_of_heads(tx: Read) -> list[Waiver]:
    """The waivers that present canonical versions owe, or failed to make good."""
    table, later = t.waivers, t.canonical_versions.alias()
    overtaken = select(later.c.version).where(
        later.c.configuration == table.c.configuration, later.c.version > table.c.version
    )
    owed = (table.c.state.not_in([WaiverState.CONFIRMED, WaiverState.SUPERSEDED]), ~overtaken.exists())
    return await _waivers(tx, select(*_WAIVER).where(*owed).order_by(table.c.configuration))


async def close_waiver(tx: Write, waiver_id: UUID, state: WaiverState, finding: str, decision_id: UUID | None) -> None:
    """End a waiver that is open."""
    table = t.waivers
    closed = {"state": state, "finding": finding, "decision_id": decision_id, "closed_at": func.clock_timestamp()}
    await tx.execute(update(table).where(table.c.id == waiver_id, table.c.state == WaiverState.OPEN).values(closed))


async def _waivers(tx: Read, statement: Select[Any]) -> list[Waiver]:
    return [Waiver(**{**row._mapping, "state": WaiverState(row.state)}) for row in await tx.execute(statement)]
