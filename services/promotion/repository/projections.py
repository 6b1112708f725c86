"""Statements about the canonical files: which version each was written for."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from shared.storage.database import Read, Write, lock_for_transaction


async def lock_projection(tx: Write, configuration: str) -> None:
    """One writer of a configuration's files at a time: held until the transaction ends."""
    await lock_for_transaction(tx, f"projection {configuration}")


async def projected(tx: Read) -> dict[str, int]:
    """The version whose files were written last, by configuration."""
    return {row.configuration: row.version for row in await tx.execute(select(t.projections))}


async def record_projection(tx: Write, configuration: str, version: int) -> None:
    """Remember that a version's files are written."""
    statement = insert(t.projections).values(configuration=configuration, version=version)
    changed = {"version": version, "projected_at": func.now()}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration"], set_=changed))
