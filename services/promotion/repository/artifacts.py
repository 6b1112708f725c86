"""Statements about the bytes that the ledger needs."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, literal, select, union_all

from services.promotion import tables as t
from shared.contract.words import ApprovalState
from shared.storage.database import Read


async def needed_bytes(tx: Read, age: timedelta) -> dict[str, str]:
    """Why the ledger needs the bytes of a digest: what ever was canonical, what waits for a person, what was judged within that
    time."""
    versions, recent = t.canonical_versions, func.now() - age
    judged = union_all(
        select(t.evaluations.c.digest, literal("judged lately").label("why")).where(
            t.evaluations.c.completed_at > recent
        ),
        select(t.decisions.c.digest, literal("judged lately")).where(t.decisions.c.decided_at > recent),
        select(t.approvals.c.digest, literal("waits for a person")).where(
            t.approvals.c.state == ApprovalState.AWAITING
        ),
        select(versions.c.digest, func.concat("version ", versions.c.version, " of ", versions.c.configuration)),
    )
    return {digest: why for digest, why in await tx.execute(judged)}
