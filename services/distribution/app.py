"""Builds the distribution service: its connections, the use cases, the daemon and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from services.distribution.api import artifacts, deliveries, distribute, nodes, status
from services.distribution.api.problems import TRANSLATIONS
from services.distribution.consumers import HANDLERS
from services.distribution.daemon import UnifiedDistributionDaemon
from services.distribution.daemon_records import DaemonRecords
from services.distribution.daemon_state import DaemonState
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.service import DistributionService
from services.distribution.settings import DistributionSettings
from services.distribution.tables import MESSAGING
from shared.service.api import router as messaging_router
from shared.service.frame import Connections, ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web.application import Description, health_router, new_app

DESCRIPTION = Description("RingRift distribution", "Delivers canonical versions to every node.")
ROUTERS = (artifacts.router, distribute.router, nodes.router, deliveries.router, status.router)


def create_app(settings: DistributionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the daemon."""
    to = Connections.of("distribution", settings, MESSAGING)
    store, state = ArtifactStore(settings.artifacts_dir), DaemonState(settings.reconcile_seconds)
    service = DistributionService(to.database, to.outbox, store, state, settings.distribution_timeout, to.source)
    frame = ServiceFrame(to, HANDLERS.bound(service))
    daemon = UnifiedDistributionDaemon(
        DaemonRecords(service),
        AgentClient(to.client, store, settings.distribution_url),
        state,
        settings.reconcile_seconds,
        lambda: datetime.now(UTC),
    )

    async def deliver() -> None:
        await service.register(*(Node(name, url) for name, url in settings.nodes.items()))
        await daemon.run()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running({"daemon": deliver}):
            yield

    routers = [health_router(frame.checks), messaging_router, *ROUTERS]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS)
    app.state.service, app.state.frame = service, frame
    return app
