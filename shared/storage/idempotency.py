"""Asking once for what starts work: the same Idempotency-Key again finds what the first one made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Table, select
from sqlalchemy.dialects.postgresql import insert

from shared.storage.database import Write


class KeyReusedError(Exception):
    """A key that was used before came with something else; the text says whose it is."""

    def __init__(self, key: str | None, what: str) -> None:
        super().__init__(
            f"the Idempotency-Key {key!r} belongs to {what}, which asked for something else; use a new key"
        )


async def insert_once(tx: Write, table: Table, row: Mapping[str, Any]) -> UUID:
    """Insert a row unless one with its id or its `idempotency_key` is there; returns the id of the one that is."""
    statement = insert(table).values(**row).on_conflict_do_nothing().returning(table.c.id)
    written: UUID | None = (await tx.execute(statement)).scalar()
    if written is not None:
        return written
    key = row["idempotency_key"]
    same = table.c.id == row["id"] if key is None else table.c.idempotency_key == key
    found: UUID = (await tx.execute(select(table.c.id).where(same))).scalar_one()
    return found
