"""Statements about the signed pointer: what was signed, and the files that say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, insert, select

from services.promotion import tables as t
from shared.contract.signed_pointer import Pointed
from shared.storage.database import Read, Write, lock_for_transaction

KEPT = 20
"""Versions that stay: a node that has begun to read one reads it to its end."""
_NEWEST = select(t.signed_pointer).order_by(t.signed_pointer.c.version.desc()).limit(1)


class Signed(NamedTuple):
    """What was signed last."""

    version: int
    expires_at: datetime
    pointed: Sequence[Pointed]


async def signed(tx: Read) -> Signed | None:
    """What was signed last, None if nothing was."""
    row = (await tx.execute(_NEWEST)).first()
    return Signed(row.version, row.expires_at, [Pointed(*each) for each in row.pointed]) if row else None


async def lock_signing(tx: Write) -> None:
    """One signing at a time: held until the transaction ends."""
    await lock_for_transaction(tx, "signed pointer")


async def record_signed(tx: Write, made: Signed, files: Mapping[str, bytes]) -> None:
    """Keep what was signed, and let old versions go. The caller holds the lock."""
    table = t.signed_pointer
    values = {
        "version": made.version, "expires_at": made.expires_at, "pointed": [list(each) for each in made.pointed],
        "files": {name: content.decode() for name, content in files.items()},
    }  # fmt: skip
    await tx.execute(insert(table), values)
    kept = select(table.c.version).order_by(table.c.version.desc()).limit(KEPT)
    await tx.execute(delete(table).where(table.c.version.not_in(kept)))


async def signed_file(tx: Read, name: str) -> bytes | None:
    """A file by its name, of the newest version that has one."""
    table = t.signed_pointer
    content = table.c.files[name].astext
    newest = select(content).where(table.c.files.has_key(name)).order_by(table.c.version.desc()).limit(1)
    found = (await tx.execute(newest)).scalar_one_or_none()
    return found.encode() if found is not None else None
