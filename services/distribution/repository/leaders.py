"""The SQL of the process that leads, and of what the others and people want it to look at anew."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from services.distribution.tables import breakers, leases, looks
from shared.contract.words import BreakerState
from shared.storage.database import Write
from shared.storage.leases import Lease

DAEMON = "daemon"


def daemon_lease(seconds: float) -> Lease:
    """The lease of whoever runs the daemon."""
    return Lease(leases, DAEMON, seconds)


async def look_anew(tx: Write, node: str | None = None) -> None:
    """Have the daemon visit a node, or all of them, as if nothing was known of them, whichever process it runs in."""
    await tx.execute(insert(looks).values(node=node))


async def taken_looks(tx: Write) -> list[str | None]:
    """What it is to look at anew, with the breakers as they are then; asked once."""
    found = list((await tx.execute(delete(looks).returning(looks.c.node))).scalars())
    if found:
        await tx.execute(delete(breakers).where(breakers.c.node.in_([name for name in found if name is not None])))
    if None in found:
        half_open = {"state": BreakerState.HALF_OPEN, "retry_at": None}
        await tx.execute(update(breakers).where(breakers.c.state == BreakerState.OPEN).values(**half_open))
    return found
