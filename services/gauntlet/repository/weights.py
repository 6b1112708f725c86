"""The statements about weights: which files hold the same, and which of those was seen first."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.gauntlet.tables import weights
from shared.contract.configuration import Configuration
from shared.storage.database import Read, Write, lock_for_transaction


async def remember_weights(tx: Write, configuration: Configuration, digest: str, fingerprint: str) -> None:
    """These bytes hold these weights. Until the transaction ends no others are found to hold them."""
    await lock_for_transaction(tx, f"weights {configuration} {fingerprint}")
    row = {"configuration": str(configuration), "digest": digest, "fingerprint": fingerprint}
    await tx.execute(insert(weights).values(row).on_conflict_do_nothing())


async def first_with_weights_of(tx: Read, configuration: Configuration, digest: str) -> str:
    """The digest of the first file that was found to hold the weights of this one; itself where nothing is known."""
    of_it = weights.alias()
    found = (
        select(weights.c.digest)
        .join(of_it, of_it.c.fingerprint == weights.c.fingerprint)
        .where(of_it.c.digest == digest, of_it.c.configuration == str(configuration))
        .where(weights.c.configuration == of_it.c.configuration)
        .order_by(weights.c.place)
        .limit(1)
    )
    return (await tx.execute(found)).scalar() or digest


async def same_weights(tx: Read, configuration: Configuration, one: str, other: str) -> bool:
    """Whether two files are known to hold the same weights; their bytes may be others."""
    both = weights.c.configuration == str(configuration), weights.c.digest.in_((one, other))
    held = select(func.count(weights.c.digest), func.count(weights.c.fingerprint.distinct())).where(*both)
    return one == other or tuple((await tx.execute(held)).one()) == (2, 1)
