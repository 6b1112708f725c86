"""Statements about the curriculum: what is known of each configuration's candidates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.curriculum import Standing
from shared.storage.database import Read, Write

_LEARNING = insert(t.curriculum).values(updated_at=func.clock_timestamp())
_LEARNT = _LEARNING.on_conflict_do_update(
    index_elements=["configuration"], set_={column.name: _LEARNING.excluded[column.name] for column in t.curriculum.c}
)
_STANDING = [t.curriculum.c[name] for name in Standing.__dataclass_fields__]


class Known(NamedTuple):
    """All that is known, and the database's clock at that moment."""

    standings: list[Standing]
    at: datetime


async def curriculum(tx: Read) -> Known:
    """Every configuration of which something is known, by name."""
    rows = await tx.execute(select(*_STANDING).order_by(t.curriculum.c.configuration))
    standings = [Standing(**row._mapping) for row in rows]
    return Known(standings, (await tx.execute(select(func.clock_timestamp()))).scalar_one())


async def record_standing(tx: Write, standing: Standing, decision_id: UUID) -> None:
    """Write what is known after a decision. The caller holds the configuration's lock."""
    await tx.execute(_LEARNT, {**asdict(standing), "decision_id": decision_id})
