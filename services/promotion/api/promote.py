"""Asking for a promotion, and what became of it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Path, Request, Response

from services.promotion.api.dependencies import SeenVersion, Service, Who
from services.promotion.api.problems import Held, NameDisagrees, TooFewGames, VersionMoved
from services.promotion.promotion_request import RequestedPromotion
from services.promotion.schemas import PromoteRequest, PromotionRequest
from shared.contract.configuration import Configuration
from shared.contract.words import NOBODYS_ID
from shared.web.application import IdempotencyKey, new_router
from shared.web.keys import OPERATE, require_force
from shared.web.links import ID, linked
from shared.web.problems import IdempotencyKeyReused, ModelNotFound, NotFound, PathRefused, problems

router = new_router("promotions")


@router.post(
    "/admin/promote",
    status_code=202,
    dependencies=[OPERATE],
    responses=linked(202, read_promotion_request={"request_id": ID})
    | problems(NameDisagrees, Held, VersionMoved, ModelNotFound, PathRefused, IdempotencyKeyReused, TooFewGames),
)
async def promote(
    service: Service, request: Request, body: PromoteRequest, response: Response, who: Who, seen: SeenVersion,
    idempotency_key: IdempotencyKey = None,
) -> PromotionRequest:  # fmt: skip
    """Have a model evaluated and, if it passes every gate, promoted.

    What needs no games has ended in the answer already, such as bytes that are canonical: `state` and `reason` say so. With `force`
    no games are played before, and they are owed: the version is evaluated afterwards, and /status says what that finds. It needs
    a key of that scope, and a reason.
    """
    if body.force:
        require_force(request)
    asked = RequestedPromotion(
        id=uuid4(),
        configuration=str(Configuration(body.board_type, body.num_players)),
        model_path=body.model_path,
        games=body.gauntlet_games,
        kind="forced" if body.force else "manual",
        dry_run=body.dry_run,
        asked_by=who.name,
        why=body.reason,
        seen_version=seen,
        idempotency_key=idempotency_key,
    )
    opened = await service.requests.ask(asked, who)
    response.headers["Location"] = f"/v1/promotion-requests/{opened.id}"
    return PromotionRequest.model_validate(opened)


@router.get(
    "/v1/promotion-requests/{request_id}",
    responses=linked(200, read_decision={"decision_id": "$response.body#/decision_id"}) | problems(NotFound),
)
async def read_promotion_request(
    service: Service, request_id: Annotated[UUID, Path(description="Of the request", examples=[NOBODYS_ID])]
) -> PromotionRequest:
    """A request and what became of it."""
    return PromotionRequest.model_validate(await service.requests.read(request_id))
