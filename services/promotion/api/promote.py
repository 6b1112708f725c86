"""Asking for a promotion, and what became of it."""

from __future__ import annotations

from uuid import UUID, uuid4

from fastapi import Response

from services.promotion.api.dependencies import Service
from services.promotion.promotion_request import RequestedPromotion
from services.promotion.schemas import PromoteRequest, PromotionRequest
from shared.contract.configuration import Configuration
from shared.web.application import IdempotencyKey, new_router
from shared.web.keys import OPERATE
from shared.web.problems import IdempotencyKeyReused, ModelNotFound, NotFound, PathRefused, problems

router = new_router("promotion")


@router.post(
    "/admin/promote",
    status_code=202,
    dependencies=[OPERATE],
    responses=problems(ModelNotFound, PathRefused, IdempotencyKeyReused),
)
async def promote(
    service: Service, body: PromoteRequest, response: Response, idempotency_key: IdempotencyKey = None
) -> PromotionRequest:
    """Have a model evaluated and, if it passes every gate, promoted."""
    asked = RequestedPromotion(
        id=uuid4(),
        configuration=str(Configuration(body.board_type, body.num_players)),
        model_path=body.model_path,
        games=body.gauntlet_games,
        kind="forced" if body.force else "manual",
        dry_run=body.dry_run,
        idempotency_key=idempotency_key,
    )
    request = await service.ask_for_promotion(asked)
    response.headers["Location"] = f"/v1/promotion-requests/{request.id}"
    return PromotionRequest.model_validate(request)


@router.get("/v1/promotion-requests/{request_id}", responses=problems(NotFound))
async def read_promotion_request(service: Service, request_id: UUID) -> PromotionRequest:
    """A request and what became of it."""
    return PromotionRequest.model_validate(await service.request(request_id))
