"""The recorded games of an evaluation: page by page, or all of them as one file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Query

from play.record import GameRecord
from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.game_place import GamePlace
from services.gauntlet.schemas import Games
from shared.contract.words import GAME_PLACE_PATTERN, OPPONENTS, OpponentName
from shared.web.application import Limit, new_router
from shared.web.links import NEXT, linked
from shared.web.problems import NotFound, TooManyStreams, problems
from shared.web.streams import streaming

router = new_router("games", prefix=PREFIX)
Against = Annotated[OpponentName | None, Query(description="Only games against this opponent", examples=["random"])]
ONWARDS = {"evaluation_id": "$request.path.evaluation_id", "after": NEXT}
AT_ONCE = 100
"""Games of a download that are held in memory: a few megabytes at most, of the longest that there are."""


async def known(service: Service, evaluation_id: EvaluationId) -> Evaluation:
    """The evaluation; refused before an answer begins, because none that has begun can become a problem any more."""
    return (await service.evaluation(evaluation_id)).evaluation


@router.get("/{evaluation_id}/games", responses=linked(200, list_games=ONWARDS) | problems(NotFound))
async def list_games(
    service: Service,
    evaluation_id: EvaluationId,
    opponent: Against = None,
    after: Annotated[
        str | None,
        Query(
            max_length=30, pattern=GAME_PLACE_PATTERN, description="Only games after this one", examples=["random:12"]
        ),
    ] = None,
    limit: Limit = 100,
) -> Games:
    """Every recorded game by opponent, in schedule order, with the moves to replay it; pass `next` as `after` to go on."""
    found = await service.games(evaluation_id, opponent, GamePlace.parse(after) if after else None, limit)
    return Games(items=found, next=str(GamePlace.of(found[-1])) if len(found) == limit else None)


@router.get(
    "/{evaluation_id}/games/download", responses=problems(NotFound, TooManyStreams), dependencies=[Depends(streaming)]
)
async def download_games(
    service: Service, evaluation: Annotated[Evaluation, Depends(known)], opponent: Against = None
) -> AsyncIterator[GameRecord]:
    """Every game that is recorded now as JSON lines, a whole game on each, in schedule order for each opponent. An answer that
    breaks off has no end: what came before it is whole games."""
    for name in OPPONENTS if opponent is None else (opponent,):
        last: GamePlace | None = None
        while found := await service.games(evaluation.id, name, last, AT_ONCE):
            for game in found:
                yield GameRecord.of(game, evaluation.id, evaluation.configuration, evaluation.play.rules_profile)
            last = GamePlace.of(found[-1])
