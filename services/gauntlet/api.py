"""The gauntlet service's routes: start, read, list, follow and cancel evaluations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from play.record import PlayedGame
from services.gauntlet import repository
from services.gauntlet.feedback_loop import FeedbackLoopController, PlannedEvaluation
from services.gauntlet.outcome import Announcer
from services.gauntlet.progress import detail_of
from services.gauntlet.schemas import (
    EvaluationDetail,
    EvaluationRequest,
    Evaluations,
    EvaluationView,
    GamePage,
    State,
)
from shared.contract.configuration import Configuration, ConfigurationKey
from shared.contract.evidence import OpponentName
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactError, resolve_inside
from shared.storage.database import Read
from shared.web.problems import Problem, problem_responses

ENDED = ("completed", "failed")
PROGRESS_SECONDS = 1.0
Limit = Annotated[int, Query(ge=1, le=1000)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=200, description="The same key asks only once")]


def gauntlet_router(frame: ServiceFrame, controller: FeedbackLoopController, announcer: Announcer) -> APIRouter:
    """Every route of the service."""
    router = APIRouter(prefix="/v1/evaluations", tags=["gauntlet"])

    @router.post("", status_code=202, responses=problem_responses(422))
    async def start_evaluation(
        body: EvaluationRequest, response: Response, idempotency_key: IdempotencyKey = None
    ) -> EvaluationDetail:
        """Have a model evaluated. The answer comes at once; the games are played in the background."""
        configuration = Configuration(board_type=body.board_type, num_players=body.num_players)
        await _require_path_inside(frame, body.model_path)
        planned = controller.on_request(uuid4(), configuration, "request", body.model_path, body.digest, body.games)
        async with frame.database.write() as tx:
            evaluation_id = await repository.add_evaluation(tx, planned, None, idempotency_key)
            row = await _existing(tx, evaluation_id)
            _require_same(row, planned, idempotency_key)
            answer = await detail_of(tx, row)
        response.headers["Location"] = f"/v1/evaluations/{evaluation_id}"
        return answer

    @router.get("", responses=problem_responses(422))
    async def list_evaluations(
        configuration: ConfigurationKey | None = None,
        state: State | None = None,
        before: UUID | None = None,
        limit: Limit = 50,
    ) -> Evaluations:
        """Evaluations, newest first."""
        async with frame.database.read() as tx:
            rows = await repository.list_evaluations(tx, configuration, state, before, limit)
        items = [EvaluationView.model_validate(row) for row in rows]
        return Evaluations(items=items, next=items[-1].id if len(items) == limit else None)

    @router.get("/{evaluation_id}", responses=problem_responses(404, 422))
    async def read_evaluation(evaluation_id: UUID) -> EvaluationDetail:
        """An evaluation and how far it is."""
        async with frame.database.read() as tx:
            return await detail_of(tx, await _existing(tx, evaluation_id))

    @router.get("/{evaluation_id}/games", responses=problem_responses(404, 422))
    async def list_games(
        evaluation_id: UUID,
        opponent: OpponentName | None = None,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        limit: Limit = 100,
    ) -> GamePage:
        """Every recorded game, with the moves to replay it."""
        async with frame.database.read() as tx:
            await _existing(tx, evaluation_id)
            rows = await repository.page_of_games(tx, evaluation_id, opponent, offset, limit)
        return GamePage(
            items=[PlayedGame.model_validate(row, from_attributes=True) for row in rows],
            next=offset + limit if len(rows) == limit else None,
        )

    @router.post("/{evaluation_id}/cancel", responses=problem_responses(404, 409, 422))
    async def cancel_evaluation(evaluation_id: UUID) -> EvaluationDetail:
        """End an evaluation without evidence; its worker stops within a quarter of its lease."""
        async with frame.database.write() as tx:
            row = await _existing(tx, evaluation_id)
            if not await announcer.failed(tx, evaluation_id, "cancelled", "cancelled by an operator"):
                raise Problem(409, "evaluation-ended", f"the evaluation has already ended: it is {row.state}")
            return await detail_of(tx, await _existing(tx, evaluation_id))

    async def known(evaluation_id: UUID) -> None:
        async with frame.database.read() as tx:
            await _existing(tx, evaluation_id)

    @router.get(
        "/{evaluation_id}/progress",
        response_class=EventSourceResponse,
        responses=problem_responses(404, 422),
        dependencies=[Depends(known)],
    )
    async def follow_evaluation(
        evaluation_id: UUID, last_event_id: Annotated[int | None, Header(ge=0)] = None
    ) -> AsyncIterator[ServerSentEvent]:
        """Live progress: server-sent events with the evaluation at every change, named after its state, until it ends."""
        seen = -1 if last_event_id is None else last_event_id
        async for _ in frame.database.changes(PROGRESS_SECONDS):
            async with frame.database.read() as tx:
                row = await _existing(tx, evaluation_id)
                detail = await detail_of(tx, row) if row.revision > seen else None
            if detail is not None:
                yield _sent(detail)
            seen = max(row.revision, seen)
            if row.state in ENDED:
                return

    return router


def _sent(detail: EvaluationDetail) -> ServerSentEvent:
    data: dict[str, Any] = detail.model_dump(mode="json")
    return ServerSentEvent(data=data, event=detail.state, id=str(detail.revision))


async def _existing(tx: Read, evaluation_id: UUID) -> repository.Evaluation:
    row = await repository.evaluation(tx, evaluation_id)
    if row is None:
        raise Problem(404, "not-found", f"there is no evaluation {evaluation_id}")
    return row


async def _require_path_inside(frame: ServiceFrame, model_path: str | None) -> None:
    try:
        if model_path is not None:
            await asyncio.to_thread(resolve_inside, frame.settings.models_dir, model_path)
    except ArtifactError as error:
        raise Problem(422, "path-refused", str(error)) from None


def _require_same(row: repository.Evaluation, planned: PlannedEvaluation, key: str | None) -> None:
    first = (row.configuration, row.model_path, row.announced_digest, row.gates)
    asked = (str(planned.configuration), planned.model_path, planned.digest, planned.gates.model_dump(mode="json"))
    if first != asked:
        detail = (
            f"the Idempotency-Key {key!r} belongs to evaluation {row.id}, which asked for something else; use a new key"
        )
        raise Problem(422, "idempotency-key-reused", detail)
