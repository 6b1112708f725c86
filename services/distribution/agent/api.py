"""Routes of the agent: HTTP in, HTTP out."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.schemas import Health, HeldModel, ModelOrder, NodeReport, OrderState
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.store import ModelStore, StoreError
from shared.contract.configuration import ConfigurationKey
from shared.web.problems import Problem, problem_responses


def agent_router(settings: AgentSettings, store: ModelStore, fetcher: Fetcher) -> APIRouter:
    """The node's health, its report, and the orders it takes."""
    router = APIRouter()

    async def held() -> dict[str, HeldModel]:
        models = await asyncio.to_thread(store.models)
        return {key: HeldModel.model_validate(model._asdict()) for key, model in models.items()}

    @router.get("/health", tags=["health"])
    async def get_health() -> Health:
        """Whether the node answers, its free disk, and the models on it."""
        free = await asyncio.to_thread(store.free_bytes)
        return Health(status="healthy", node=settings.agent_node, free_disk_bytes=free, models=await held())

    @router.get("/v1/models", tags=["models"])
    async def list_models() -> NodeReport:
        """The digest of the bytes on this disk, by configuration, and the transfers under way or failed."""
        fetches = dict(fetcher.progress)
        return NodeReport(node=settings.agent_node, models=await held(), fetches=fetches)

    @router.put(
        "/v1/models/{configuration}",
        tags=["models"],
        responses={202: {"model": OrderState}, **problem_responses(409, 422)},
    )
    async def put_model(
        configuration: Annotated[ConfigurationKey, Path()], order: ModelOrder, response: Response
    ) -> OrderState:
        """Hold this version: 200 if its bytes are here, 202 while they are fetched, 409 for a step down."""
        expected = f"{settings.distribution_url.rstrip('/')}/v1/artifacts/{order.digest}"
        if order.source != expected:
            raise Problem(422, "source-refused", f"models are fetched from {expected} only, not from {order.source}")
        try:
            if await asyncio.to_thread(store.admit, configuration, order.version, order.digest):
                return OrderState(state="held", version=order.version, digest=order.digest)
            await fetcher.start(configuration, order)
        except StoreError as error:
            raise Problem(409, "version-refused", str(error)) from None
        response.status_code = 202
        return OrderState(state="fetching", version=order.version, digest=order.digest)

    return router
