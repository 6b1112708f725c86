"""The statements about games."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, delete, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from play.counting import Result
from play.record import PlayedGame
from services.gauntlet.course import by_opponent
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.game_place import GamePlace
from services.gauntlet.pace import WINDOW_SECONDS, Recording
from services.gauntlet.tables import evaluations, games
from shared.contract.words import GATES, EvaluationState, OpponentName
from shared.storage.database import Read, Write


async def record_games(tx: Write, evaluation_id: UUID, played: Sequence[PlayedGame]) -> list[PlayedGame]:
    """Finished games, each once. Returns those that were recorded before; they stay as they were."""
    rows = [{"evaluation_id": evaluation_id, **each.model_dump()} for each in played]
    added = await tx.execute(
        insert(games).on_conflict_do_nothing().returning(games.c.opponent, games.c.index.label("place")), rows
    )
    new = {(row.opponent, row.place) for row in added}
    return [each for each in played if (each.opponent, each.index) not in new]


async def repeat_games(tx: Write, evaluation: Evaluation) -> None:
    """Record the games of an earlier evaluation that asked the same: of the same weights, which one seed stands for, by the same
    policies, against the same canonical version they would be the very same, so nobody plays them again. Of the gates alone: who is
    on the panel depends on earlier versions, which may be others by now."""
    asked, table = evaluation.playable, evaluations
    earlier = select(table.c.id).where(
        table.c.state == EvaluationState.COMPLETED,
        ~table.c.skip_games,
        table.c.configuration == str(evaluation.configuration),
        table.c.seed == asked.seed,
        table.c.policy_id == asked.gates.id,
        table.c.play == evaluation.play.model_dump(mode="json"),
        table.c.previous_digest.is_not_distinct_from(evaluation.previous.digest if evaluation.previous else None),
    )
    newest = earlier.order_by(table.c.ended_at.desc()).limit(1).scalar_subquery()
    names = [column.name for column in games.columns if column.name != "evaluation_id"]
    theirs = select(literal(evaluation.id), *(games.c[name] for name in names)).where(
        games.c.evaluation_id == newest, games.c.opponent.in_(GATES)
    )
    if not evaluation.skip_games:
        await tx.execute(insert(games).from_select(["evaluation_id", *names], theirs))


async def forget_games(tx: Write, evaluation_id: UUID) -> None:
    """Nothing that was recorded so far counts."""
    await tx.execute(delete(games).where(games.c.evaluation_id == evaluation_id))


async def recorded_as(tx: Read, evaluation_id: UUID, played: PlayedGame) -> PlayedGame | None:
    """The recorded game in the same place of the same schedule."""
    return await game_at(tx, evaluation_id, GamePlace.of(played))


async def game_at(tx: Read, evaluation_id: UUID, place: GamePlace) -> PlayedGame | None:
    """The recorded game in a place."""
    same = and_(games.c.opponent == place.opponent, games.c.index == place.place)
    found = await _games(tx, _in_order(evaluation_id).where(same))
    return found[0] if found else None


async def recorded(tx: Read, evaluation_id: UUID, *, repeats: bool) -> dict[OpponentName, dict[int, Result]]:
    """What counts of every recorded game, by opponent and place in its schedule. `repeats`: whether they have to be told."""
    fingerprint = func.md5(games.c.moves) if repeats else literal("")
    return by_opponent(await _results(tx, evaluation_id, fingerprint))


async def recordings(tx: Read, evaluation_id: UUID) -> dict[OpponentName, Recording]:
    """How many games were recorded lately against each opponent, and when the last one."""
    since = func.clock_timestamp() - timedelta(seconds=WINDOW_SECONDS)
    lately = func.count().filter(games.c.recorded_at > since)
    columns = select(games.c.opponent, lately.label("recent"), func.max(games.c.recorded_at).label("last"))
    known = games.c.evaluation_id == evaluation_id, games.c.recorded_at.is_not(None)
    rows = await tx.execute(columns.where(*known).group_by(games.c.opponent))
    return {row.opponent: Recording(row.recent, row.last) for row in rows}


async def drop_games(tx: Write, evaluation_id: UUID, surplus: Sequence[tuple[OpponentName, int]]) -> None:
    """Forget games that count for nothing."""
    place = tuple_(games.c.opponent, games.c.index)
    await tx.execute(delete(games).where(games.c.evaluation_id == evaluation_id, place.in_(surplus)))


async def played_games(tx: Read, evaluation_id: UUID) -> list[PlayedGame]:
    """Every recorded game, in schedule order for each opponent."""
    return await _games(tx, _in_order(evaluation_id))


async def page_of_games(
    tx: Read, evaluation_id: UUID, opponent: str | None, after: GamePlace | None, limit: int
) -> list[PlayedGame]:
    """Recorded games by opponent, in schedule order."""
    statement = _in_order(evaluation_id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(games.c.opponent, games.c.index) > tuple_(*after))
    return await _games(tx, statement if opponent is None else statement.where(games.c.opponent == opponent))


async def results(tx: Read, evaluation_id: UUID) -> list[Result]:
    """What counts of every recorded game."""
    return await _results(tx, evaluation_id, func.md5(games.c.moves))


async def _results(tx: Read, evaluation_id: UUID, fingerprint: ColumnElement[str]) -> list[Result]:
    counted = (games.c.opponent, games.c.outcome, games.c.units, games.c.network_evaluations, fingerprint)
    columns = select(*counted, games.c.index, games.c.seat)
    return [Result(*row) for row in await tx.execute(columns.where(games.c.evaluation_id == evaluation_id))]


def _in_order(evaluation_id: UUID) -> Select[Any]:
    columns = [games.c[name] for name in PlayedGame.model_fields]
    return select(*columns).where(games.c.evaluation_id == evaluation_id).order_by(games.c.opponent, games.c.index)


async def _games(tx: Read, statement: Select[Any]) -> list[PlayedGame]:
    return [PlayedGame.model_validate(dict(row._mapping)) for row in await tx.execute(statement)]
