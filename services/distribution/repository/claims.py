"""The SQL of what nodes say they hold, beside the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, cast, column, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from services.distribution.ledger import Claim
from services.distribution.tables import nodes
from shared.storage.database import Read


async def held_beyond(tx: Read, epoch: int, versions: Mapping[str, int]) -> list[Claim]:
    """What nodes say they hold that is above these versions of an epoch, or of another configuration."""
    held = func.jsonb_each(nodes.c.report).table_valued("key", column("value", JSONB)).lateral("held")
    said_epoch = func.coalesce(held.c.value["epoch"].as_string().cast(BigInteger), 0)
    said_version = held.c.value["version"].as_string().cast(BigInteger)
    reached = func.coalesce(cast(dict(versions), JSONB)[held.c.key].as_string().cast(BigInteger), 0)
    statement = (
        select(nodes.c.name, held.c.key, said_epoch, said_version)
        .select_from(nodes.join(held, literal(True)))
        .where(tuple_(said_epoch, said_version) > tuple_(literal(epoch), reached))
        .order_by(held.c.key, nodes.c.name)
    )
    return [Claim(*row) for row in await tx.execute(statement)]
