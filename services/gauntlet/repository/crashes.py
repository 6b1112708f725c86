"""The statements about crash dossiers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import insert, select

from services.gauntlet.claim import Claim
from services.gauntlet.crash_report import CrashReport
from services.gauntlet.tables import crashes
from services.gauntlet.worker.crash import Crash
from shared.storage.database import Read, Write


async def crashes_of(tx: Read, evaluation_id: UUID) -> list[CrashReport]:
    """The dossiers of an evaluation, in the order in which they came."""
    rows = await tx.execute(select(crashes).where(crashes.c.evaluation_id == evaluation_id).order_by(crashes.c.number))
    return [
        CrashReport(row.number, row.claim_id, row.worker, row.reported_at, Crash.model_validate(row.dossier))
        for row in rows
    ]


async def add_crash(tx: Write, claim: Claim, number: int, crash: Crash) -> None:
    """Keep one. The caller holds the lock of the evaluation, so that nobody else takes the number."""
    row = {"evaluation_id": claim.evaluation_id, "number": number, "claim_id": claim.id, "worker": claim.worker}
    await tx.execute(insert(crashes).values(**row, dossier=crash.model_dump(mode="json")))
