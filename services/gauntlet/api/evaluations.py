"""Evaluations: asked for, read, listed, cancelled."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Query, Response

from services.gauntlet.announced import Announced
from services.gauntlet.api.dependencies import PREFIX, Because, EvaluationId, Service, Who
from services.gauntlet.api.problems import EvaluationEnded
from services.gauntlet.schemas import EvaluationDetail, EvaluationRequest, Evaluations, EvaluationView
from shared.contract.configuration import Configuration
from shared.contract.words import NOBODYS_ID, ConfigurationKey, EvaluationState
from shared.web.application import IdempotencyKey, Limit, new_router
from shared.web.keys import OPERATE
from shared.web.links import FIRST_ID, ID, NEXT, linked
from shared.web.problems import IdempotencyKeyReused, ModelNotFound, NotFound, PathRefused, problems

router = new_router("evaluations", prefix=PREFIX)
LEADS_TO = {
    name: {"evaluation_id": ID}
    for name in ("read_evaluation", "cancel_evaluation", "list_games", "list_crashes", "follow_evaluation")
}


@router.post(
    "",
    status_code=202,
    dependencies=[OPERATE],
    responses=linked(202, **LEADS_TO) | problems(PathRefused, ModelNotFound, IdempotencyKeyReused),
)
async def start_evaluation(
    service: Service, body: EvaluationRequest, response: Response, idempotency_key: IdempotencyKey = None
) -> EvaluationDetail:
    """Have a model evaluated. The answer comes at once; the games are played in the background."""
    configuration = Configuration(body.board_type, body.num_players)
    network = Announced(body.architecture, body.parameters)
    asked = await service.ask(
        uuid4(), configuration, body.model_path, body.digest, body.games, idempotency_key, network
    )
    response.headers["Location"] = f"{PREFIX}/{asked.evaluation.id}"
    return EvaluationDetail.of_standing(asked)


@router.get("", responses=linked(200, list_evaluations={"before": NEXT}, read_evaluation={"evaluation_id": FIRST_ID}))
async def list_evaluations(
    service: Service,
    configuration: Annotated[ConfigurationKey | None, Query(description="Of one configuration only")] = None,
    state: Annotated[EvaluationState | None, Query(description="In this state only")] = None,
    request_id: Annotated[
        UUID | None, Query(description="Only those that were made for this promotion request", examples=[NOBODYS_ID])
    ] = None,
    before: Annotated[
        UUID | None, Query(description="Only what is older than this, by its id", examples=[NOBODYS_ID])
    ] = None,
    limit: Limit = 50,
) -> Evaluations:
    """Evaluations, newest first; pass `next` as `before` to go on."""
    found = await service.evaluations(configuration, state, before, limit, request_id)
    return Evaluations(
        items=[EvaluationView.of(each) for each in found], next=found[-1].id if len(found) == limit else None
    )


@router.get("/{evaluation_id}", responses=problems(NotFound))
async def read_evaluation(service: Service, evaluation_id: EvaluationId) -> EvaluationDetail:
    """An evaluation and how far it is."""
    return EvaluationDetail.of_standing(await service.evaluation(evaluation_id))


@router.post("/{evaluation_id}/cancel", dependencies=[OPERATE], responses=problems(NotFound, EvaluationEnded))
async def cancel_evaluation(
    service: Service, evaluation_id: EvaluationId, who: Who, reason: Because = None
) -> EvaluationDetail:
    """End an evaluation without evidence; its worker stops within a quarter of its lease. The audit has who did it."""
    return EvaluationDetail.of_standing(await service.cancel(evaluation_id, who, reason))
