"""Builds the promotion service: connections, use cases, the projection of canonical files, and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.promotion.api import configurations, decisions, distribute, promote, status
from services.promotion.api.problems import TRANSLATIONS
from services.promotion.consumers import HANDLERS
from services.promotion.distribution_client import DistributionClient
from services.promotion.projector import Projector
from services.promotion.service import PromotionService
from services.promotion.settings import PromotionSettings
from services.promotion.tables import MESSAGING
from shared.service import api as events
from shared.service.frame import Connections, ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web import index
from shared.web.application import Description, health_router, new_app

DESCRIPTION = Description("RingRift promotion", "Judges evaluations and keeps the ledger of canonical versions.")
NOUNS = (promote, distribute, status, configurations, decisions)


def create_app(settings: PromotionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the projection."""
    to = Connections.of("promotion", settings, MESSAGING)
    store = ArtifactStore(settings.artifacts_dir)
    distribution = DistributionClient(to.client, settings.distribution_url)
    service = PromotionService(settings, to.database, to.outbox, store, distribution, to.source)
    frame = ServiceFrame(to, HANDLERS.bound(service))
    projector = Projector(to.database, store, settings.models_dir)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running({"projection": projector.run}):
            yield

    routers = [
        index.router,
        health_router(frame.checks),
        events.router,
        *(noun.router for noun in NOUNS),
        configurations.heads_router,
        configurations.policies_router,
    ]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS)
    app.state.service, app.state.frame = service, frame
    return app
