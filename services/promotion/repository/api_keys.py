"""Statements about API keys: making, listing, revoking them, and which are good now."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.api_key import ApiKey, Secret, WantedKey
from shared.contract.words import ServiceName
from shared.process.credentials import IssuedKey
from shared.storage.database import Read, Write

_KEY = [t.api_keys.c[name] for name in ApiKey.__dataclass_fields__]
_GOOD = (
    t.api_keys.c.revoked_at.is_(None),
    or_(t.api_keys.c.expires_at.is_(None), t.api_keys.c.expires_at > func.clock_timestamp()),
)


async def add_key(tx: Write, secret: Secret, wanted: WantedKey, by: str) -> ApiKey:
    """Write a key, without its secret."""
    row: dict[str, Any] = {"name": wanted.name, "service": wanted.service, "scope": wanted.scope, "created_by": by}
    if wanted.days is not None:
        row["expires_at"] = func.clock_timestamp() + timedelta(days=wanted.days)
    made = insert(t.api_keys).values(id=secret.id, hash=secret.hash, **row).returning(*_KEY)
    return ApiKey(**(await tx.execute(made)).one()._mapping)


async def key(tx: Read, key_id: str) -> ApiKey | None:
    """One key."""
    found = await _keys(tx, select(*_KEY).where(t.api_keys.c.id == key_id))
    return found[0] if found else None


async def list_keys(
    tx: Read, service: ServiceName | None, before: str | None, limit: int, *, revoked: bool
) -> list[ApiKey]:
    """Keys, newest first; with `revoked` also those that are not good any more."""
    table = t.api_keys
    statement = select(*_KEY).order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    if not revoked:
        statement = statement.where(*_GOOD)
    if service is not None:
        statement = statement.where(table.c.service == service)
    if before is not None:
        earlier = select(table.c.created_at, table.c.id).where(table.c.id == before)
        statement = statement.where(tuple_(table.c.created_at, table.c.id) < earlier.scalar_subquery())
    return await _keys(tx, statement)


async def good_keys(tx: Read, service: ServiceName, limit: int) -> list[IssuedKey]:
    """The keys that a service accepts now."""
    table = t.api_keys
    columns = (table.c.id, table.c.name, table.c.scope, table.c.hash)
    statement = select(*columns).where(*_GOOD, table.c.service == service).order_by(table.c.created_at).limit(limit)
    return [IssuedKey(**row._mapping) for row in await tx.execute(statement)]


async def revoke_key(tx: Write, key_id: str, by: str, because: str) -> bool:
    """End a key; whether it was not ended before."""
    ended = {"revoked_by": by, "revoked_at": func.clock_timestamp(), "revoked_because": because}
    this = (t.api_keys.c.id == key_id, t.api_keys.c.revoked_at.is_(None))
    return bool((await tx.execute(update(t.api_keys).where(*this).values(ended))).rowcount)


async def note_use(tx: Write, service: ServiceName, ids: Collection[str]) -> None:
    """These keys of a service were presented today."""
    table = t.api_keys
    these = (
        table.c.id.in_(ids),
        table.c.service == service,
        table.c.last_used_on.is_distinct_from(func.current_date()),
    )
    await tx.execute(update(table).where(*these).values(last_used_on=func.current_date()))


async def _keys(tx: Read, statement: Select[Any]) -> list[ApiKey]:
    return [ApiKey(**row._mapping) for row in await tx.execute(statement)]
