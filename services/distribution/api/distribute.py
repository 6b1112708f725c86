"""The runbook's request to deliver a canonical version again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from services.distribution.api.dependencies import Service, Who
from services.distribution.api.problems import NotCanonical, NotKnownYet
from services.distribution.schemas import RedeliverRequest, Redelivery
from services.distribution.service import Wanted
from shared.web.application import json_body, new_router, read_json
from shared.web.keys import OPERATE
from shared.web.problems import NotFound, problems

router = new_router("deliveries", prefix="/admin")


async def read_body(request: Request) -> RedeliverRequest:
    """The body, read as JSON whatever Content-Type it was sent with: the runbook's curl sends none of its own."""
    return await read_json(request, RedeliverRequest)


@router.post(
    "/distribute-model",
    status_code=202,
    dependencies=[OPERATE],
    openapi_extra=json_body(RedeliverRequest),
    responses=problems(NotFound, NotCanonical, NotKnownYet),
)
async def redeliver(service: Service, who: Who, wanted: Annotated[RedeliverRequest, Depends(read_body)]) -> Redelivery:
    """Deliver the canonical version of a configuration again, to every node, at once. What is canonical only the ledger says."""
    head, nodes = await service.redistribute(Wanted(wanted.named_configuration, wanted.version, wanted.digest), who)
    return Redelivery(
        configuration=head.configuration, version=head.version, digest=head.digest, nodes=nodes
    )  # fmt: skip
