"""The runbook's request to deliver a canonical version again."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from pydantic import ValidationError

from services.distribution.api.dependencies import Service
from services.distribution.api.problems import NotCanonical, NotKnownYet
from services.distribution.schemas import DistributeModel, DistributionAccepted
from services.distribution.service import Wanted
from shared.web.application import json_body, new_router
from shared.web.keys import OPERATE
from shared.web.problems import InvalidRequest, NotFound, problems

router = new_router("deliveries", prefix="/admin")


async def read_body(request: Request) -> DistributeModel:
    """The body, read as JSON whatever Content-Type it was sent with: the runbook's curl sends none of its own."""
    try:
        return DistributeModel.model_validate_json(await request.body())
    except ValidationError as error:
        raise InvalidRequest("; ".join(each["msg"] for each in error.errors())) from None


@router.post(
    "/distribute-model",
    status_code=202,
    dependencies=[OPERATE],
    openapi_extra=json_body(DistributeModel),
    responses=problems(NotFound, NotCanonical, NotKnownYet),
)
async def distribute_model(
    service: Service, wanted: Annotated[DistributeModel, Depends(read_body)]
) -> DistributionAccepted:
    """Deliver the canonical version of a configuration again, to every node, at once. What is canonical only the ledger says."""
    head, nodes = await service.redistribute(Wanted(wanted.named_configuration, wanted.version, wanted.digest))
    return DistributionAccepted(
        configuration=head.configuration, version=head.version, digest=head.digest, nodes=nodes
    )  # fmt: skip
