"""Statements about the ledger's epochs."""

from __future__ import annotations

from sqlalchemy import Text, func, insert, literal, select

from services.promotion import tables as t
from services.promotion.epoch import FIRST, BegunEpoch
from shared.storage.database import Read, Write, lock, lock_for_transaction

_LOCK = "promotion epoch"
STAYS = lock(literal(_LOCK, Text), shared=True)
"""Held until the transaction ends: no epoch begins meanwhile."""
EPOCH = select(func.coalesce(func.max(t.epochs.c.epoch), 0)).scalar_subquery()


async def lock_epoch(tx: Write) -> None:
    """Wait for all who hold a configuration's lock, and keep others from it until the transaction ends: each version is of one
    epoch for all who hear of it."""
    await lock_for_transaction(tx, _LOCK)


async def epoch(tx: Read) -> BegunEpoch:
    """The epoch that the ledger is in."""
    columns = [t.epochs.c[name] for name in BegunEpoch._fields]
    row = (await tx.execute(select(*columns).order_by(t.epochs.c.epoch.desc()).limit(1))).first()
    return BegunEpoch(*row) if row else FIRST


async def begin_epoch(tx: Write, begun: BegunEpoch) -> None:
    """Append an epoch. The caller holds its lock, and has recorded it in the audit."""
    await tx.execute(insert(t.epochs), begun._asdict())
