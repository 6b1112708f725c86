"""Builds the promotion service: the frame, the judgement, the projection of canonical files, and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.promotion.api import promotion_router
from services.promotion.consumers import subscriptions
from services.promotion.front_door import DistributionClient
from services.promotion.projector import Projector
from services.promotion.promotions import Promotions
from services.promotion.settings import PromotionSettings
from services.promotion.tables import MESSAGING
from shared.contract.events import EventType
from shared.messaging.api import messaging_router
from shared.messaging.feed import Producer
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web.application import health_router, new_app


def create_app(settings: PromotionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the projection."""
    frame = ServiceFrame.build("promotion", settings, MESSAGING)
    store = ArtifactStore(settings.artifacts_dir)
    promotions = Promotions(settings, frame.outbox, store, frame.source)
    projector = Projector(frame.database, store, settings.models_dir)
    distribution = DistributionClient(frame.client, settings.distribution_url)
    gauntlet = Producer(
        "gauntlet", settings.gauntlet_url, (EventType.EVALUATION_COMPLETED, EventType.EVALUATION_FAILED)
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running(subscriptions(promotions), [gauntlet], {"projection": projector.run}):
            yield

    app = new_app(
        "RingRift promotion", "Judges evaluations and keeps the ledger of canonical versions.", settings, lifespan
    )
    app.include_router(health_router(frame.checks))
    app.include_router(messaging_router(frame))
    app.include_router(promotion_router(frame, promotions, distribution))
    return app
