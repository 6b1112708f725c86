"""The games of an evaluation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.gauntlet import repository
from services.gauntlet.api.dependencies import Service
from services.gauntlet.schemas import GamePage
from shared.contract.words import OpponentName
from shared.web.application import Limit, new_router
from shared.web.problems import NotFound, problems

router = new_router("gauntlet", prefix="/v1/evaluations/{evaluation_id}/games")


@router.get("", responses=problems(NotFound))
async def list_games(
    service: Service,
    evaluation_id: UUID,
    opponent: OpponentName | None = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Limit = 100,
) -> GamePage:
    """Every recorded game, with the moves to replay it."""
    await service.require(evaluation_id)
    async with service.database.read() as tx:
        played = await repository.page_of_games(tx, evaluation_id, opponent, offset, limit)
    return GamePage(items=played, next=offset + limit if len(played) == limit else None)
