"""Asking for a delivery."""

from __future__ import annotations

from fastapi import Request

from services.promotion.api.dependencies import Service
from services.promotion.api.problems import (
    BytesMissing,
    DistributionRefused,
    DistributionUnreachable,
    NeverCanonical,
    NotCanonical,
)
from services.promotion.schemas import Accepted, DistributeRequest
from shared.web.application import json_body, new_router, read_json
from shared.web.keys import OPERATE
from shared.web.problems import ModelNotFound, NotFound, PathRefused, problems

router = new_router("promotion")


@router.post(
    "/admin/distribute-model",
    status_code=202,
    dependencies=[OPERATE],
    responses=problems(
        NotFound, ModelNotFound, PathRefused, NeverCanonical, NotCanonical, BytesMissing,
        DistributionUnreachable, DistributionRefused,
    ),
    openapi_extra=json_body(DistributeRequest),
)  # fmt: skip
async def distribute_model(service: Service, request: Request) -> Accepted:
    """Deliver a canonical model again; with `force`, make an earlier one canonical again (as a new version)."""
    body = await read_json(request, DistributeRequest)
    head, detail = await service.distribute(body.model_path, force=body.force)
    return Accepted(detail=detail, configuration=head.configuration, version=head.version)
