"""Statements about the curriculum: what is known of each configuration's candidates."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Insert, insert

from services.promotion import tables as t
from services.promotion.curriculum import Standing
from shared.storage.database import Read
from shared.storage.together import Rows, bound

STANDINGS = select(*(t.curriculum.c[name] for name in Standing.__dataclass_fields__)).order_by(
    t.curriculum.c.configuration
)


class Known(NamedTuple):
    """All that is known, and the database's clock at that moment."""

    standings: list[Standing]
    at: datetime


async def curriculum(tx: Read) -> Known:
    """Every configuration of which something is known, by name."""
    rows = await tx.execute(STANDINGS)
    standings = [Standing(**row._mapping) for row in rows]
    return Known(standings, (await tx.execute(select(func.clock_timestamp()))).scalar_one())


def learnt(standing: Standing, decision_id: UUID) -> Rows:
    """What is known after a decision, to be written. The caller holds the configuration's lock."""
    return Rows(_learn, [{**vars(standing), "decision_id": decision_id}])


def _learn(rows: str) -> Insert:
    names = (*Standing.__dataclass_fields__, "decision_id")
    given = select(bound(rows, t.curriculum, names), func.clock_timestamp())
    learning = insert(t.curriculum).from_select([*names, "updated_at"], given)
    changed = {column.name: learning.excluded[column.name] for column in t.curriculum.c}
    return learning.on_conflict_do_update(index_elements=["configuration"], set_=changed)
