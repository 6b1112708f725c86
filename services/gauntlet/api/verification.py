"""Whether a finished evaluation's verdict is what its games say, and its games what was played."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request

from play.verification.findings import Verification
from services.gauntlet.api.dependencies import PREFIX, EvaluationId, Service
from services.gauntlet.api.problems import Busy, NotVerifiable
from services.gauntlet.verifier import Verifier
from shared.contract.words import MOST_GAMES
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

router = new_router("evaluations", prefix=PREFIX)


async def verifier_of(request: Request) -> Verifier:
    """Who has games played again."""
    verifier: Verifier = request.app.state.verifier
    return verifier


@router.get("/{evaluation_id}/verification", responses=problems(NotFound, NotVerifiable, Busy))
async def verify_evaluation(
    service: Service,
    verifier: Annotated[Verifier, Depends(verifier_of)],
    evaluation_id: EvaluationId,
    games: Annotated[
        int | None,
        Query(
            ge=0, le=3 * MOST_GAMES, description="How many games are played again; all if it is not given", examples=[8]
        ),
    ] = None,
) -> Verification:
    """Check the evidence against every recorded game, every game against the rules, and games against their players, now.

    It takes about as long as the evaluation did; one is made at a time.
    """
    return await verifier.verify(await service.finished(evaluation_id), games)
