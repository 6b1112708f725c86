"""Statements about what operators ask for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update

from services.promotion import tables as t
from services.promotion.promotion_request import Closing, PromotionRequest, RequestedPromotion
from shared.contract.words import RequestState
from shared.storage.database import Read, Write
from shared.storage.idempotency import insert_once

_REQUEST = [t.promotion_requests.c[name] for name in PromotionRequest.__dataclass_fields__]


async def add_request(tx: Write, asked: RequestedPromotion) -> UUID:
    """Write a promotion request; with a key that was used before, nothing is written. Returns the id of the one that is there."""
    return await insert_once(tx, t.promotion_requests, asdict(asked))


async def request(tx: Read, request_id: UUID) -> PromotionRequest | None:
    """One promotion request."""
    found = await _requests(tx, select(*_REQUEST).where(t.promotion_requests.c.id == request_id))
    return found[0] if found else None


async def open_requests(tx: Read) -> list[PromotionRequest]:
    """Requests without an end, oldest first."""
    table = t.promotion_requests
    statement = select(*_REQUEST).where(table.c.state == RequestState.OPEN).order_by(table.c.requested_at)
    return await _requests(tx, statement)


async def _requests(tx: Read, statement: Select[Any]) -> list[PromotionRequest]:
    rows = await tx.execute(statement)
    return [PromotionRequest(**{**row._mapping, "state": RequestState(row.state)}) for row in rows]


async def close_request(tx: Write, request_id: UUID, closing: Closing | None) -> None:
    """End a request that is open; without a closing, and after an end, it stays as it is."""
    if closing is None:
        return
    table = t.promotion_requests
    this = (table.c.id == request_id, table.c.state == RequestState.OPEN)
    await tx.execute(update(table).where(*this).values(**asdict(closing), closed_at=func.now()))
