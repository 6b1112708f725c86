"""Builds the distribution service: the frame, the daemon and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI

from services.distribution import repository
from services.distribution.api import distribution_router
from services.distribution.consumers import subscriptions
from services.distribution.daemon import UnifiedDistributionDaemon
from services.distribution.delivery import Node
from services.distribution.ledger import DeliveryLedger
from services.distribution.node_client import AgentClient
from services.distribution.settings import DistributionSettings
from services.distribution.tables import MESSAGING
from shared.contract.events import EventType
from shared.messaging.api import messaging_router
from shared.messaging.feed import Producer
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web.application import health_router, new_app


def create_app(settings: DistributionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the daemon."""
    frame = ServiceFrame.build("distribution", settings, MESSAGING)
    store = ArtifactStore(settings.artifacts_dir)
    daemon = UnifiedDistributionDaemon(
        DeliveryLedger(frame.database, frame.outbox, settings.distribution_timeout),
        AgentClient(frame.client, store, settings.distribution_url),
        settings.reconcile_seconds,
        lambda: datetime.now(UTC),
    )

    async def deliver() -> None:
        async with frame.database.write() as tx:
            for name, url in settings.nodes.items():
                await repository.register_node(tx, Node(name, url))
        await daemon.run()

    producer = Producer("promotion", settings.promotion_url, (EventType.MODEL_PROMOTED,))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running(subscriptions(frame.outbox), [producer], {"daemon": deliver}):
            yield

    app = new_app("RingRift distribution", "Delivers canonical versions to every node.", settings, lifespan)
    app.include_router(health_router(frame.checks))
    app.include_router(messaging_router(frame))
    app.include_router(distribution_router(frame, store, daemon))
    return app
