"""The statements about claims, and about games that were reported twice and otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, select, update

from play.record import PlayedGame
from services.gauntlet.claim import Claim
from services.gauntlet.cost import Cost
from services.gauntlet.course import Blocks
from services.gauntlet.tables import claims, disputes
from shared.contract.words import OpponentName
from shared.storage.database import Read, Write

_CLAIMS: Select[Any] = select(claims, func.clock_timestamp().label("seen_at"))


async def add_claims(tx: Write, added: Sequence[Claim], seconds: float) -> None:
    """Workers' holds on some blocks, good for `seconds` from each report."""
    rows = [
        {"id": each.id, "evaluation_id": each.evaluation_id, "worker": each.worker}
        | (each.blocks._asdict() if each.blocks else dict.fromkeys(Blocks._fields))
        for each in added
    ]
    await tx.execute(insert(claims).values(until=_until(seconds)), rows)


async def claim(tx: Read, claim_id: UUID) -> Claim | None:
    """One claim."""
    row = (await tx.execute(_CLAIMS.where(claims.c.id == claim_id))).first()
    return _claim(row) if row else None


async def claims_of(tx: Read, evaluation_id: UUID) -> list[Claim]:
    """An evaluation's claims that are not over, oldest first."""
    wanted = _CLAIMS.where(claims.c.evaluation_id == evaluation_id, ~claims.c.is_over).order_by(
        claims.c.issued_at, claims.c.id
    )
    return [_claim(row) for row in await tx.execute(wanted)]


async def live_claims(tx: Read) -> int:
    """How many claims are good now."""
    live = claims.c.until > func.clock_timestamp(), ~claims.c.is_over
    return (await tx.execute(select(func.count()).select_from(claims).where(*live))).scalar_one()


async def extend_claims(tx: Write, claim_ids: Sequence[UUID], seconds: float) -> dict[UUID, bool]:
    """Their workers were heard of. Tells of each that there is, and that nobody else changes just now, whether it is wanted."""
    free = select(claims.c.id).where(claims.c.id.in_(claim_ids)).with_for_update(skip_locked=True).cte()
    kept = update(claims).where(claims.c.id == free.c.id).values(until=_until(seconds))
    rows = await tx.execute(kept.returning(claims.c.id, claims.c.is_over))
    return {row.id: not row.is_over for row in rows}


async def are_wanted(tx: Read, claim_ids: Collection[UUID]) -> dict[UUID, bool]:
    """Of each of these claims that there is, whether its games are wanted."""
    rows = await tx.execute(select(claims.c.id, claims.c.is_over).where(claims.c.id.in_(claim_ids)))
    return {row.id: not row.is_over for row in rows}


async def drop_claim(tx: Write, claim_id: UUID) -> None:
    """There is nothing more to do under it."""
    await tx.execute(delete(claims).where(claims.c.id == claim_id))


async def keep_claim(tx: Write, claim_id: UUID, told: Cost, seconds: float) -> None:
    """Its worker was heard of, and said what it cost so far."""
    await tx.execute(update(claims).where(claims.c.id == claim_id).values(until=_until(seconds), **told._asdict()))


async def end_claims(tx: Write, evaluation_id: UUID, but: OpponentName | None) -> None:
    """No games of an evaluation are wanted any more, `but` against one opponent; what the others cost still is."""
    over = update(claims).where(claims.c.evaluation_id == evaluation_id).values(is_over=True)
    await tx.execute(over if but is None else over.where(claims.c.opponent != but))


async def drop_claims(tx: Write, evaluation_id: UUID) -> None:
    """The evaluation has ended."""
    await tx.execute(delete(claims).where(claims.c.evaluation_id == evaluation_id))


async def add_dispute(tx: Write, evaluation_id: UUID, worker: str, games: Sequence[PlayedGame]) -> None:
    """Games that a worker reports otherwise than they were recorded."""
    said = [
        {"opponent": each.opponent, "index": each.index, "reported": each.model_dump(mode="json")} for each in games
    ]
    await tx.execute(insert(disputes), [{"evaluation_id": evaluation_id, "worker": worker, **each} for each in said])


def _until(seconds: float) -> Any:
    return func.clock_timestamp() + timedelta(seconds=seconds)


def _claim(row: Row[Any]) -> Claim:
    blocks = Blocks(row.opponent, row.first, row.games) if row.opponent else None
    return Claim(
        id=row.id, evaluation_id=row.evaluation_id, worker=row.worker, blocks=blocks, issued_at=row.issued_at,
        until=row.until, seen_at=row.seen_at, told=Cost(row.cpu_seconds, row.forward_seconds, row.surplus_games),
        is_over=row.is_over,
    )  # fmt: skip
