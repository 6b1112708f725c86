"""Builds the agent: its store, its transfers and its routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.distribution.agent.api import health, models
from services.distribution.agent.api.problems import TRANSLATIONS
from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.service import AgentService
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.store import ModelStore
from shared.process.credentials import authorization
from shared.web.application import Description, health_router, new_app

DESCRIPTION = Description("RingRift agent", "Holds the canonical models of one node.")


def create_app(settings: AgentSettings) -> FastAPI:
    """The application; before it answers, it has hashed every model on its disk."""
    store = ModelStore(settings.agent_dir)
    client = httpx.AsyncClient(timeout=httpx.Timeout(10, read=30), headers=authorization(settings.api_key))
    fetcher = Fetcher(store, client)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(store.models)
        try:
            yield
        finally:
            await fetcher.close()
            await client.aclose()

    app = new_app(DESCRIPTION, settings, lifespan, [health_router({}), health.router, models.router], TRANSLATIONS)
    app.state.service = AgentService(settings.agent_node, settings.distribution_url, store, fetcher)
    return app
