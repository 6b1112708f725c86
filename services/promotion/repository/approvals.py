"""Statements about approvals: candidates that wait for a person."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.approval import Approval, ApprovalEnd
from shared.contract.words import ApprovalState
from shared.storage.database import Read, Write

_APPROVAL = [
    *(t.approvals.c[name] for name in Approval.__dataclass_fields__ if name != "seen_at"),
    func.now().label("seen_at"),
]


async def ask_for_approval(tx: Write, decision_id: UUID, configuration: str, digest: str, seconds: float) -> None:
    """A candidate waits for a person, for so many seconds."""
    row = {"decision_id": decision_id, "configuration": configuration, "digest": digest}
    await tx.execute(insert(t.approvals).values(**row, deadline=func.clock_timestamp() + timedelta(seconds=seconds)))


async def approval(tx: Read, decision_id: UUID) -> Approval | None:
    """The approval that a decision waits for."""
    found = await _approvals(tx, select(*_APPROVAL).where(t.approvals.c.decision_id == decision_id))
    return found[0] if found else None


async def list_approvals(
    tx: Read, configuration: str | None, state: ApprovalState | None, before: UUID | None, limit: int
) -> list[Approval]:
    """Approvals, newest first."""
    table = t.approvals
    statement = select(*_APPROVAL).order_by(table.c.asked_at.desc(), table.c.decision_id.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(table.c.configuration == configuration)
    if state is not None:
        statement = statement.where(table.c.state == state)
    if before is not None:
        earlier = select(table.c.asked_at, table.c.decision_id).where(table.c.decision_id == before)
        statement = statement.where(tuple_(table.c.asked_at, table.c.decision_id) < earlier.scalar_subquery())
    return await _approvals(tx, statement)


async def count_awaiting(tx: Read) -> int:
    """How many wait for a person."""
    awaiting = (t.approvals.c.state == ApprovalState.AWAITING, t.approvals.c.deadline > func.now())
    return (await tx.execute(select(func.count()).select_from(t.approvals).where(*awaiting))).scalar_one()


async def overdue_approvals(tx: Read, limit: int) -> list[UUID]:
    """The decisions whose approvals are to be ended because nobody said a word in time, the longest overdue first."""
    table = t.approvals
    overdue = (table.c.state == ApprovalState.AWAITING, table.c.deadline <= func.now())
    wanted = select(table.c.decision_id).where(*overdue).order_by(table.c.deadline).limit(limit)
    return list((await tx.execute(wanted)).scalars())


async def end_approval(tx: Write, end: ApprovalEnd) -> None:
    """End an approval that still waits. The caller holds the configuration's lock."""
    table = t.approvals
    this = (table.c.decision_id == end.decision_id, table.c.state == ApprovalState.AWAITING)
    await tx.execute(update(table).where(*this).values(**asdict(end), closed_at=func.clock_timestamp()))


async def _approvals(tx: Read, statement: Select[Any]) -> list[Approval]:
    return [Approval(**{**row._mapping, "state": ApprovalState(row.state)}) for row in await tx.execute(statement)]
