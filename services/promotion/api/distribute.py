"""Asking for a delivery."""

from __future__ import annotations

from fastapi import Request

from services.promotion.api.dependencies import SeenVersion, Service, Who
from services.promotion.api.problems import (
    BytesMissing,
    DistributionRefused,
    DistributionUnreachable,
    Held,
    NameDisagrees,
    NeverCanonical,
    NotCanonical,
    VersionMoved,
)
from services.promotion.schemas import Distributed, DistributeRequest
from shared.web.application import json_body, new_router, read_json
from shared.web.keys import OPERATE, require_force
from shared.web.problems import ModelNotFound, NotFound, PathRefused, problems

router = new_router("promotions")


@router.post(
    "/admin/distribute-model",
    status_code=202,
    dependencies=[OPERATE],
    responses=problems(
        NotFound, ModelNotFound, PathRefused, NameDisagrees, NeverCanonical, NotCanonical, BytesMissing, Held, VersionMoved,
        DistributionUnreachable, DistributionRefused,
    ),
    openapi_extra=json_body(DistributeRequest),
)  # fmt: skip
async def distribute_model(service: Service, request: Request, who: Who, seen: SeenVersion) -> Distributed:
    """Deliver a canonical model again; with `force`, make an earlier one canonical again, as a new version.

    The bytes that are left are marked as bad then, as by a rollback. `force` needs a key of that scope.
    """
    body = await read_json(request, DistributeRequest)
    if body.force:
        require_force(request)
    done = await service.pointer.distribute(body.model_path, who, body.reason, seen, force=body.force)
    head = done.head
    return Distributed(detail=done.detail, changed=done.changed, configuration=head.configuration, version=head.version)
