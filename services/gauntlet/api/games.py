"""The recorded games of an evaluation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.gauntlet.api.dependencies import PREFIX, Service
from services.gauntlet.schemas import GamePage
from shared.contract.words import OpponentName
from shared.web.application import Limit, new_router
from shared.web.problems import NotFound, problems

router = new_router("gauntlet", prefix=PREFIX)


@router.get("/{evaluation_id}/games", responses=problems(NotFound))
async def list_games(
    service: Service,
    evaluation_id: UUID,
    opponent: OpponentName | None = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Limit = 100,
) -> GamePage:
    """Every recorded game, with the moves to replay it."""
    found = await service.games(evaluation_id, opponent, offset, limit)
    return GamePage(items=found, next=offset + limit if len(found) == limit else None)
