"""Builds the distribution service: its connections, the use cases, the daemon and the routes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from socket import gethostname

import httpx
from fastapi import FastAPI

from services.distribution.agent.signature import OrderSigner
from services.distribution.api import (
    artifacts,
    deliveries,
    distribute,
    distributions,
    joining,
    nodes,
    progress,
    signed_pointer,
    status,
    swarm,
)
from services.distribution.api.problems import TRANSLATIONS
from services.distribution.consumers import HANDLERS
from services.distribution.daemon import UnifiedDistributionDaemon
from services.distribution.daemon_records import DaemonRecords
from services.distribution.daemon_state import DaemonState
from services.distribution.health_watch import HealthWatch
from services.distribution.joining import Confirmed
from services.distribution.ledger_watch import LedgerWatch
from services.distribution.networks import Networks
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.offers import Offers
from services.distribution.pointer_mirror import PointerMirror
from services.distribution.repository import daemon_lease
from services.distribution.service import Acts, DistributionService, Nodes, Rollouts
from services.distribution.settings import DistributionSettings
from services.distribution.swarm_parts import swarm_parts
from services.distribution.tables import MESSAGING
from shared.process.credentials import Caller
from shared.process.http_client import new_outside_client
from shared.process.tasks import Loop
from shared.service import api as events
from shared.service.frame import DATABASE, Connections, ServiceFrame
from shared.service.issued_keys import issued_keys
from shared.service.leadership import Leadership
from shared.storage.artifact_place import artifact_store
from shared.storage.artifacts import ArtifactStore
from shared.web import index
from shared.web.application import Check, Description, health_router, new_app
from shared.web.streams import Streams

DESCRIPTION = Description(
    "RingRift distribution",
    "Delivers canonical versions to every node.",
    {
        "distributions": "How far a version is, wave by wave, and a person's word on that.",
        "deliveries": "Canonical versions on their way to nodes, and what each node holds.",
        "nodes": "The machines with an agent.",
        "status": "The service at a glance.",
    },
)
FIGURES_SECONDS = 15.0
ROUTERS = (
    artifacts.router,
    swarm.router,
    distribute.router,
    nodes.router,
    joining.router,
    deliveries.router,
    distributions.router,
    progress.router,
    status.router,
    signed_pointer.router,
)


def create_app(settings: DistributionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the daemon."""
    to = Connections.of("distribution", settings, MESSAGING)
    store, state = artifact_store(settings), DaemonState(settings.reconcile_seconds, random.random)
    for token in settings.join_token:
        to.keys.know(token, Caller("an agent that joins", frozenset({"join"})))
    known = Nodes(
        to.database, state, settings.node_silence_seconds, Confirmed(time.monotonic), Acts(to.outbox, to.source),
        allowed=settings.node_networks,
    )  # fmt: skip
    parts = swarm_parts(settings, store, known.resolver)
    outside = new_outside_client(settings)
    rollouts = _rollouts(settings, to, outside)
    service = DistributionService(
        to.database, to.outbox, store, state, settings.distribution_timeout, to.source, known, rollouts, parts.torrents
    )
    frame = ServiceFrame(to, HANDLERS.bound(service))
    name = f"{gethostname()}:{settings.distribution_port}"
    leadership = Leadership(to.database, daemon_lease(settings.leader_seconds), name, lambda: state.said)
    daemon = UnifiedDistributionDaemon(
        DaemonRecords(service.led(leadership)),
        _agents(settings, to, store, parts.offers, known.networks),
        state,
        settings.reconcile_seconds,
        lambda: datetime.now(UTC),
    )

    unregistered = [Node(name, url) for name, url in settings.nodes.items()]
    watch = LedgerWatch(to.client, settings.promotion_url, service.beside, settings.feed_seconds)

    async def deliver() -> None:
        await known.register(*unregistered)
        unregistered.clear()
        await leadership.lead(daemon.run)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(store.sweep)
        loops: dict[str, Loop] = {
            "daemon": deliver,
            "figures": partial(service.measure, FIGURES_SECONDS),
            "ledger": watch.follow,
        }
        async with outside, frame.running({**loops, **issued_keys(to)}):
            yield
        await parts.close()

    checks: dict[str, Check] = {
        "ledger": watch.comparison.require_agreement,
        "artifacts": partial(asyncio.to_thread, store.check),
    }
    routers = [index.router, health_router({**frame.checks, **checks}), events.router, events.document_router, *ROUTERS]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS, accepted=to.keys, outages=DATABASE)
    app.state.service, app.state.frame, app.state.ledger = service, frame, watch.comparison
    app.state.streams = Streams(settings.most_streams)
    app.state.pointer = PointerMirror(to.client, settings.promotion_url)
    return app


def _rollouts(settings: DistributionSettings, to: Connections, outside: httpx.AsyncClient) -> Rollouts:
    """How versions are led from wave to wave."""
    health = HealthWatch(outside, settings.wave_health_url) if settings.wave_health_url else None
    return Rollouts(to.database, to.outbox, settings.wave_plan, to.source, health)


def _agents(
    settings: DistributionSettings, to: Connections, store: ArtifactStore, offers: Offers, networks: Networks
) -> AgentClient:
    """How nodes are spoken to."""
    signer = OrderSigner(settings.order_key) if settings.order_key else None
    return AgentClient(
        to.client,
        store,
        settings.distribution_url,
        signer,
        presigned=settings.artifacts_presigned,
        offers=offers,
        networks=networks,
    )
