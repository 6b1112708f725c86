"""Starting, reading, listing and cancelling evaluations."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import Response

from services.gauntlet import repository
from services.gauntlet.api.dependencies import Service
from services.gauntlet.api.problems import EvaluationEnded
from services.gauntlet.schemas import EvaluationDetail, EvaluationRequest, Evaluations, EvaluationView
from shared.contract.configuration import Configuration
from shared.contract.words import ConfigurationKey, EvaluationState
from shared.service.api import Frame
from shared.storage.artifacts import resolve_inside
from shared.web.application import IdempotencyKey, Limit, new_router
from shared.web.keys import OPERATE
from shared.web.problems import IdempotencyKeyReused, NotFound, PathRefused, problems

router = new_router("gauntlet", prefix="/v1/evaluations")


@router.post("", status_code=202, dependencies=[OPERATE], responses=problems(PathRefused, IdempotencyKeyReused))
async def start_evaluation(
    service: Service, frame: Frame, body: EvaluationRequest, response: Response, idempotency_key: IdempotencyKey = None
) -> EvaluationDetail:
    """Have a model evaluated. The answer comes at once; the games are played in the background."""
    if body.model_path is not None:
        await asyncio.to_thread(resolve_inside, frame.connections.settings.models_dir, body.model_path)
    configuration = Configuration(body.board_type, body.num_players)
    asked = await service.ask(configuration, body.model_path, body.digest, body.games, idempotency_key)
    response.headers["Location"] = f"/v1/evaluations/{asked.evaluation.id}"
    return EvaluationDetail.of(asked)


@router.get("")
async def list_evaluations(
    service: Service,
    configuration: ConfigurationKey | None = None,
    state: EvaluationState | None = None,
    before: UUID | None = None,
    limit: Limit = 50,
) -> Evaluations:
    """Evaluations, newest first."""
    async with service.database.read() as tx:
        found = await repository.list_evaluations(tx, configuration, state, before, limit)
    items = [EvaluationView.of(each) for each in found]
    return Evaluations(items=items, next=items[-1].id if len(items) == limit else None)


@router.get("/{evaluation_id}", responses=problems(NotFound))
async def read_evaluation(service: Service, evaluation_id: UUID) -> EvaluationDetail:
    """An evaluation and how far it is."""
    return EvaluationDetail.of(await service.details(evaluation_id))


@router.post("/{evaluation_id}/cancel", dependencies=[OPERATE], responses=problems(NotFound, EvaluationEnded))
async def cancel_evaluation(service: Service, evaluation_id: UUID) -> EvaluationDetail:
    """End an evaluation without evidence; its worker stops within a quarter of its lease."""
    return EvaluationDetail.of(await service.cancel(evaluation_id))
