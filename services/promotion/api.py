"""The promotion service's routes; the runbook's stay exactly as it prints them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from services.promotion import repository
from services.promotion.front_door import DistributionClient
from services.promotion.overview import assemble
from services.promotion.promotions import Promotions
from services.promotion.repository import CanonicalVersion
from services.promotion.rollback import find_by_digest, roll_back
from services.promotion.schemas import (
    Accepted,
    Canonical,
    DecisionDetail,
    Decisions,
    DecisionView,
    DistributeRequest,
    PromoteRequest,
    PromotionRequest,
    RollbackRequest,
    Status,
    Versions,
)
from shared.contract.configuration import Configuration
from shared.contract.events import EvaluationRequested, Event
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactError, digest_of, resolve_inside
from shared.web.application import json_body
from shared.web.problems import Problem, problem_responses

IfMatch = Annotated[str | None, Header(alias="If-Match", description='The version you saw, as an ETag: "7"')]


def promotion_router(frame: ServiceFrame, promotions: Promotions, distribution: DistributionClient) -> APIRouter:
    """Every route of the service."""
    router = APIRouter(tags=["promotion"])

    @router.post("/admin/promote", status_code=202, responses=problem_responses(404, 422))
    async def promote(
        body: PromoteRequest,
        response: Response,
        idempotency_key: Annotated[
            str | None, Header(min_length=1, max_length=200, description="The same key asks only once")
        ] = None,
    ) -> PromotionRequest:
        """Have a model evaluated and, if it passes every gate, promoted."""
        await _existing_file(frame.settings.models_dir, body.model_path)
        data = EvaluationRequested(
            board_type=body.board_type,
            num_players=body.num_players,
            request_id=uuid4(),
            reason="forced" if body.force else "manual",
            model_path=body.model_path,
            games=body.gauntlet_games,
        )
        async with frame.database.write() as tx:
            request_id = await repository.add_request(tx, data, dry_run=body.dry_run, idempotency_key=idempotency_key)
            if request_id == data.request_id:
                await frame.outbox.add(tx, Event.of(data, source=frame.source))
            row = await repository.request(tx, request_id)
        _require_same(row, data, body.dry_run, idempotency_key)
        response.headers["Location"] = f"/v1/promotion-requests/{request_id}"
        return PromotionRequest.model_validate(row)

    @router.get("/v1/promotion-requests/{request_id}", responses=problem_responses(404, 422))
    async def read_promotion_request(request_id: UUID) -> PromotionRequest:
        """A request and what became of it."""
        async with frame.database.read() as tx:
            row = await repository.request(tx, request_id)
        if row is None:
            raise Problem(404, "not-found", f"there is no promotion request {request_id}")
        return PromotionRequest.model_validate(row)

    @router.post(
        "/admin/distribute-model",
        status_code=202,
        responses=problem_responses(404, 409, 422, 503),
        openapi_extra=json_body(DistributeRequest),
    )
    async def distribute_model(request: Request) -> Accepted:
        """Deliver a canonical model again; with `force`, make an earlier one canonical again (as a new version)."""
        # the runbook's curl sends no Content-Type, so the body is read as JSON whatever it says
        try:
            body = DistributeRequest.model_validate_json(await request.body())
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from None
        path = await _existing_file(frame.settings.models_dir, body.model_path)
        digest = await asyncio.to_thread(digest_of, path)
        async with frame.database.write() as tx:
            found = await find_by_digest(tx, digest)
            await repository.lock_configuration(tx, found.configuration)
            head = _existing(await repository.head(tx, found.configuration), found.configuration)
            moved = head.digest != digest
            if moved and not body.force:
                detail = f"{body.model_path} is version {found.version} of {found.configuration}; canonical is {head.version}"
                raise Problem(409, "not-canonical", f'{detail}; add "force": true to make it canonical again')
            if moved:
                head = await roll_back(tx, promotions, head, found, f"restored from {body.model_path}")
        if not moved:
            await distribution.distribute(head.configuration, head.version, digest)
        return Accepted(
            detail="delivery to every node was asked for", configuration=head.configuration, version=head.version
        )

    @router.get("/status")
    async def status() -> Status:
        """The state of the suite at a glance."""
        return await assemble(frame, await distribution.status())

    @router.get("/v1/configurations/{configuration}/canonical", responses=problem_responses(404, 422))
    async def read_canonical(configuration: str, response: Response) -> Canonical:
        """The canonical version of a configuration; the ETag is its version."""
        async with frame.database.read() as tx:
            head = await repository.head(tx, _key(configuration))
        response.headers["ETag"] = f'"{_existing(head, configuration).version}"'
        return Canonical.of(_existing(head, configuration))

    @router.get("/v1/configurations/{configuration}/versions", responses=problem_responses(422))
    async def list_versions(configuration: str, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Versions:
        """The pointer's history, newest first."""
        async with frame.database.read() as tx:
            found = await repository.versions(tx, _key(configuration), limit)
        return Versions(items=[Canonical.of(each) for each in found])

    @router.post(
        "/v1/configurations/{configuration}/rollback", status_code=201, responses=problem_responses(404, 409, 412, 422)
    )
    async def rollback(configuration: str, body: RollbackRequest, if_match: IfMatch = None) -> Canonical:
        """Make an earlier version's bytes canonical again, as a new and higher version."""
        async with frame.database.write() as tx:
            await repository.lock_configuration(tx, _key(configuration))
            head = _existing(await repository.head(tx, configuration), configuration)
            if if_match is not None and if_match.strip('"') != str(head.version):
                raise Problem(412, "version-moved", f"canonical is version {head.version}, not {if_match}")
            wanted = await repository.version(tx, configuration, body.to_version)
            if wanted is None:
                raise Problem(
                    404, "not-found", f"{configuration} has no version {body.to_version}; the newest is {head.version}"
                )
            if wanted.digest == head.digest:
                raise Problem(
                    409, "already-canonical", f"version {head.version} already has the bytes of {body.to_version}"
                )
            return Canonical.of(await roll_back(tx, promotions, head, wanted, body.reason))

    @router.get("/v1/decisions", responses=problem_responses(422))
    async def list_decisions(
        configuration: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 50
    ) -> Decisions:
        """The newest decisions, newest first."""
        key = _key(configuration) if configuration else None
        async with frame.database.read() as tx:
            rows = await repository.decisions(tx, key, limit)
        return Decisions(items=[DecisionView.model_validate(row) for row in rows])

    @router.get("/v1/decisions/{decision_id}", responses=problem_responses(404, 422))
    async def read_decision(decision_id: UUID) -> DecisionDetail:
        """A decision with the evidence that it was made from."""
        async with frame.database.read() as tx:
            row = await repository.decision(tx, decision_id)
        if row is None:
            raise Problem(404, "not-found", f"there is no decision {decision_id}")
        return DecisionDetail.model_validate(row)

    return router


def _key(configuration: str) -> str:
    try:
        return str(Configuration.parse(configuration))
    except ValueError as error:
        raise Problem(422, "invalid-configuration", str(error)) from None


def _existing(head: CanonicalVersion | None, configuration: str) -> CanonicalVersion:
    if head is None:
        raise Problem(404, "not-found", f"{configuration} has no canonical version yet")
    return head


def _require_same(row: repository.Request | None, data: EvaluationRequested, dry_run: bool, key: str | None) -> None:
    assert row is not None
    first = (row.configuration, row.model_path, row.games, row.kind, row.dry_run)
    if first != (str(data.configuration), data.model_path, data.games, data.reason, dry_run):
        detail = (
            f"the Idempotency-Key {key!r} belongs to request {row.id}, which asked for something else; use a new key"
        )
        raise Problem(422, "idempotency-key-reused", detail)


async def _existing_file(models: Path, name: str) -> Path:
    try:
        path = await asyncio.to_thread(resolve_inside, models, name)
    except ArtifactError as error:
        raise Problem(422, "path-refused", str(error)) from None
    if not await asyncio.to_thread(path.is_file):
        raise Problem(404, "model-not-found", f"there is no model file {name} in the models folder")
    return path
