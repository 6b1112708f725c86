"""Evaluations: a list that is paged by its cursor, however long it is, and the games of one."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request, Response

from services.promotion.console.desk import Model
from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages
from shared.contract.words import GAME_PLACE_PATTERN, LONGEST_CONFIGURATION, OPPONENTS, EvaluationState

router = new_pages()
AT_ONCE = 50
GAMES_AT_ONCE = 100
Filter = Annotated[str, Query(max_length=LONGEST_CONFIGURATION)]


@router.get("/evaluations")
async def evaluations(
    request: Request, model: Model, configuration: Filter = "", state: Annotated[str, Query(max_length=20)] = "",
    before: UUID | None = None,
) -> Response:  # fmt: skip
    """Evaluations, newest first."""
    wanted = {"configuration": configuration.strip(), "state": state}
    asked = {name: value for name, value in wanted.items() if value}
    found = await model.evaluations({**asked, "limit": AT_ONCE, **({"before": str(before)} if before else {})})
    older = urlencode({**asked, "before": str(found.next)}) if found.next else None
    return page(
        request, "evaluations.html", found=found.items, older=older, newest=urlencode(asked), is_first=before is None,
        states=[each.value for each in EvaluationState], configuration=wanted["configuration"], state=state,
    )  # fmt: skip


@router.get("/evaluations/{evaluation_id}/games")
async def evaluation_games(
    request: Request, model: Model, evaluation_id: UUID, opponent: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str | None, Query(max_length=30, pattern=GAME_PLACE_PATTERN)] = None,
) -> Response:  # fmt: skip
    """The recorded games of an evaluation, each with its board."""
    seen = await model.evaluation(evaluation_id)
    only = {"opponent": opponent} if opponent in OPPONENTS else {}
    games = await model.games(evaluation_id, {**only, "limit": GAMES_AT_ONCE, **({"after": after} if after else {})})
    onwards = urlencode({**only, "after": games.next}) if games.next else None
    return page(
        request, "games.html", seen=seen, games=games.items, onwards=onwards, opponent=only.get("opponent", ""),
        opponents=[each.opponent for each in seen.opponents],
    )  # fmt: skip
