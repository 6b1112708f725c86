"""Statements about the ledger's epochs."""

from __future__ import annotations

from sqlalchemy import insert, select

from services.promotion import tables as t
from services.promotion.epoch import FIRST, BegunEpoch
from shared.storage.database import Read, Write


async def epoch(tx: Read) -> BegunEpoch:
    """The epoch that the ledger is in."""
    columns = [t.epochs.c[name] for name in BegunEpoch._fields]
    row = (await tx.execute(select(*columns).order_by(t.epochs.c.epoch.desc()).limit(1))).first()
    return BegunEpoch(*row) if row else FIRST


async def begin_epoch(tx: Write, begun: BegunEpoch) -> None:
    """Append an epoch. The caller has recorded it in the audit, so that nobody moves a pointer meanwhile."""
    await tx.execute(insert(t.epochs), begun._asdict())
