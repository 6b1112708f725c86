"""Builds the agent: its store, its transfers and its routes."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI

from services.distribution.agent.api import health, models
from services.distribution.agent.api.problems import TRANSLATIONS
from services.distribution.agent.api.signature import SignatureMiddleware
from services.distribution.agent.fetch import Fetcher
from services.distribution.agent.joining import Joiner
from services.distribution.agent.rehash import rehash_for_ever
from services.distribution.agent.reload import CommandHook, Hook, Reloader, UrlHook
from services.distribution.agent.schemas import JoinRequest
from services.distribution.agent.service import AgentService
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.signature import OrderVerifier
from services.distribution.agent.store import ModelStore
from services.distribution.agent.transports import new_transport
from shared.process.http_client import new_client, new_outside_client
from shared.process.tasks import Loop, background
from shared.web import index
from shared.web.application import Description, health_router, new_app

if TYPE_CHECKING:
    from services.distribution.agent.trust import PointerTrust

DESCRIPTION = Description(
    "RingRift agent",
    "Holds the canonical models of one node.",
    {"models": "The models on this node's disk, and the orders that it takes."},
)


def create_app(settings: AgentSettings) -> FastAPI:
    """The application; before it answers, it has hashed every model on its disk."""
    store = ModelStore(settings.agent_dir, settings.agent_keeps, settings.agent_pinned, settings.agent_configurations)
    client = new_client(settings)
    outside = new_outside_client(settings)
    transport = new_transport(settings, client, outside)
    fetcher = Fetcher(store, transport)
    reloader = _reloader(settings, store, fetcher, outside)
    trust = _trust(settings, client)
    loops: dict[str, Loop] = {"reload": reloader.run} if reloader else {}
    if trust is not None:
        loops["signed pointer"] = trust.follow
    if settings.agent_rehash_seconds:
        loops["rehash"] = partial(rehash_for_ever, store, settings.agent_rehash_seconds)
    if settings.join_token:
        asked = _join_request(settings, store)
        seconds = settings.agent_join_seconds
        loops["join"] = Joiner(client, settings.distribution_url, settings.join_token, asked, seconds).join_for_ever

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        held = await asyncio.to_thread(store.models)
        await transport.start({model.digest for model in held.values()})
        try:
            async with background(loops):
                yield
        finally:
            await fetcher.close()
            await client.aclose()
            await outside.aclose()

    checks = {"signed pointer": trust.check} if trust else {}
    routers = [index.router, health_router(checks), health.router, models.router]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS)
    if settings.order_public_key:
        verifier = OrderVerifier(settings.order_public_key, settings.agent_node)
        app.add_middleware(SignatureMiddleware, verifier=verifier)
    app.state.service = AgentService(
        settings.agent_node,
        settings.distribution_url,
        store,
        fetcher,
        settings.agent_sources,
        settings.agent_labels,
        reloader.reloads if reloader else {},
        trust,
        lambda: transport.port,
    )
    return app


def _join_request(settings: AgentSettings, store: ModelStore) -> JoinRequest:
    """What this agent registers its node with."""
    return JoinRequest(
        name=settings.agent_node,
        url=settings.own_url,
        port=settings.agent_port,
        instance=store.instance,
        labels=settings.agent_labels,
        plays=sorted(store.plays) or None,
    )


def _reloader(
    settings: AgentSettings, store: ModelStore, fetcher: Fetcher, outside: httpx.AsyncClient
) -> Reloader | None:
    """Who tells whoever plays here; None if nobody wants to be told."""
    hook: Hook | None = None
    if settings.agent_reload_command:
        hook = CommandHook(shlex.split(settings.agent_reload_command), settings.agent_reload_seconds)
    if settings.agent_reload_url:
        hook = UrlHook(outside, settings.agent_reload_url, settings.agent_reload_seconds)
    return Reloader(store, hook, settings.agent_dir / "reloads", fetcher.published, fetcher.places) if hook else None


def _trust(settings: AgentSettings, client: httpx.AsyncClient) -> PointerTrust | None:
    """Who is believed about the pointer; what it needs takes time to load, and is loaded only where there is a root."""
    if settings.pointer_root is None:
        return None
    from services.distribution.agent.trust import PointerTrust

    root = settings.pointer_root.read_bytes()
    return PointerTrust(settings.agent_dir / "signed-pointer", root, settings.distribution_url, client)
