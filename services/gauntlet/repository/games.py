"""The statements about games."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert

from play.counting import Result
from play.record import PlayedGame
from services.gauntlet.tables import games
from shared.storage.database import Read, Write


async def record_games(tx: Write, evaluation_id: UUID, played: Sequence[PlayedGame]) -> None:
    """Finished games, each once."""
    rows = [{"evaluation_id": evaluation_id, **each.model_dump()} for each in played]
    await tx.execute(insert(games).on_conflict_do_nothing(), rows)


async def played_games(tx: Read, evaluation_id: UUID) -> list[PlayedGame]:
    """Every recorded game, in schedule order for each opponent."""
    return await _games(tx, _in_order(evaluation_id))


async def page_of_games(
    tx: Read, evaluation_id: UUID, opponent: str | None, offset: int, limit: int
) -> list[PlayedGame]:
    """Recorded games in schedule order."""
    statement = _in_order(evaluation_id).offset(offset).limit(limit)
    return await _games(tx, statement if opponent is None else statement.where(games.c.opponent == opponent))


async def results(tx: Read, evaluation_id: UUID) -> list[Result]:
    """What counts of every recorded game."""
    columns = (games.c.opponent, games.c.outcome, games.c.units, games.c.network_evaluations, func.md5(games.c.moves))
    rows = await tx.execute(select(*columns).where(games.c.evaluation_id == evaluation_id))
    return [Result(*row) for row in rows]


def _in_order(evaluation_id: UUID) -> Select[Any]:
    columns = [games.c[name] for name in PlayedGame.model_fields]
    return select(*columns).where(games.c.evaluation_id == evaluation_id).order_by(games.c.opponent, games.c.index)


async def _games(tx: Read, statement: Select[Any]) -> list[PlayedGame]:
    return [PlayedGame.model_validate(dict(row._mapping)) for row in await tx.execute(statement)]
