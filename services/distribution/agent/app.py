"""Builds the agent: its store, its transfers and its routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from services.distribution.agent.api import agent_router
from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.store import ModelStore
from shared.web.application import health_router, new_app
from shared.web.keys import authorization


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

    app = new_app("RingRift agent", "Holds the canonical models of one node.", settings, lifespan)
    app.include_router(health_router({}))
    app.include_router(agent_router(settings, store, fetcher))
    return app
