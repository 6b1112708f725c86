"""A recorded game, move by move."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request, Response

from play.record import MOST_INTEGER
from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.api.problems import Busy, NotTellable
from services.gauntlet.game_place import GamePlace
from services.gauntlet.replayer import Replayer
from shared.contract.replay import GameReplay
from shared.contract.words import OpponentName
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

router = new_router("games", prefix=PREFIX)


async def replayer_of(request: Request) -> Replayer:
    """Who has games told."""
    replayer: Replayer = request.app.state.replayer
    return replayer


@router.get(
    "/{evaluation_id}/games/{opponent}/{index}/replay",
    response_model=GameReplay,
    responses=problems(NotFound, NotTellable, Busy),
)
async def replay_game(
    service: Service,
    replayer: Annotated[Replayer, Depends(replayer_of)],
    evaluation_id: EvaluationId,
    opponent: Annotated[OpponentName, Path(description="Against whom", examples=["random"])],
    index: Annotated[int, Path(ge=0, le=MOST_INTEGER, description="Its place in that schedule", examples=[0])],
) -> Response:
    """A recorded game played again by the rules: every move by its name, and what it changes on the board."""
    evaluation, played = await service.game(evaluation_id, GamePlace(opponent, index))
    return Response(await replayer.replay(evaluation, played), media_type="application/json")
