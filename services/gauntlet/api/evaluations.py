"""Evaluations: asked for, read, listed, cancelled."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import Response

from services.gauntlet.api.dependencies import PREFIX, Service
from services.gauntlet.api.problems import EvaluationEnded
from services.gauntlet.evaluation import Announced
from services.gauntlet.schemas import EvaluationDetail, EvaluationRequest, Evaluations, EvaluationView
from shared.contract.configuration import Configuration
from shared.contract.words import ConfigurationKey, EvaluationState
from shared.web.application import IdempotencyKey, Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import IdempotencyKeyReused, NotFound, PathRefused, problems

router = new_router("gauntlet", prefix=PREFIX)


@router.post("", status_code=202, dependencies=[OPERATE], responses=problems(PathRefused, IdempotencyKeyReused))
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


@router.get("")
async def list_evaluations(
    service: Service,
    configuration: ConfigurationKey | None = None,
    state: EvaluationState | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> Evaluations:
    """Evaluations, newest first."""
    found = await service.evaluations(configuration, state, before, limit)
    return Evaluations(
        items=[EvaluationView.of(each) for each in found], next=found[-1].id if len(found) == limit else None
    )


@router.get("/{evaluation_id}", responses=problems(NotFound))
async def read_evaluation(service: Service, evaluation_id: UUID) -> EvaluationDetail:
    """An evaluation and how far it is."""
    return EvaluationDetail.of_standing(await service.evaluation(evaluation_id))


@router.post("/{evaluation_id}/cancel", dependencies=[OPERATE], responses=problems(NotFound, EvaluationEnded))
async def cancel_evaluation(service: Service, evaluation_id: UUID) -> EvaluationDetail:
    """End an evaluation without evidence; its worker stops within a quarter of its lease."""
    return EvaluationDetail.of_standing(await service.cancel(evaluation_id))
