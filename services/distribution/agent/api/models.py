"""The models of the node: what it reports, and the orders it takes."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response

from services.distribution.agent.api.dependencies import Service
from services.distribution.agent.api.problems import NotPlayed, NotProven, SourceRefused, VersionRefused
from services.distribution.agent.schemas import ModelOrder, NodeReport, OrderState
from shared.contract.words import ConfigurationKey
from shared.web.application import new_router
from shared.web.keys import ORDER
from shared.web.problems import problems

router = new_router("models", prefix="/v1/models")


@router.get("")
async def list_models(service: Service) -> NodeReport:
    """The digest of the bytes on this disk, by configuration, and the transfers under way or failed."""
    return await service.report()


@router.put(
    "/{configuration}",
    dependencies=[ORDER],
    responses={202: {"model": OrderState}, **problems(NotPlayed, VersionRefused, NotProven, SourceRefused)},
)
async def put_model(
    service: Service, configuration: Annotated[ConfigurationKey, Path()], order: ModelOrder, response: Response
) -> OrderState:
    """Hold this version, by an order with the distribution service's signature (header RingRift-Signature): 200 if its bytes are
    here, 202 while they are fetched, 409 for a step down, or
    for a configuration that the node does not hold."""
    state = await service.take(configuration, order)
    response.status_code = 200 if state.state == "held" else 202
    return state
