"""Builds the promotion service: the frame, the judgement, the projection of canonical files, and the routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.promotion import repository
from services.promotion.api import promotion_router
from services.promotion.consumers import subscriptions
from services.promotion.front_door import DistributionClient
from services.promotion.projection import project
from services.promotion.promotions import Promotions
from services.promotion.settings import PromotionSettings
from services.promotion.tables import MESSAGING
from shared.artifacts import ArtifactStore
from shared.events import EventType
from shared.feed import Producer
from shared.messaging_api import messaging_router
from shared.service import ServiceFrame
from shared.web import health_router, new_app

PROJECTION_SECONDS = 5.0


def create_app(settings: PromotionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the projection."""
    frame = ServiceFrame.build("promotion", settings, MESSAGING)
    promotions = Promotions(settings, frame.outbox, frame.source)
    distribution = DistributionClient(frame.client, settings.distribution_url)
    store = ArtifactStore(settings.artifacts_dir)
    gauntlet = Producer(
        "gauntlet", settings.gauntlet_url, (EventType.EVALUATION_COMPLETED, EventType.EVALUATION_FAILED)
    )

    async def project_files() -> None:
        async for _ in frame.database.changes(PROJECTION_SECONDS):
            async with frame.database.read() as tx:
                waiting = await repository.unprojected(tx)
            for version in waiting:
                artifact = store.find(version.digest)
                if artifact is None:
                    raise FileNotFoundError(
                        f"the artifact store lacks {version.digest}, canonical of {version.configuration}"
                    )
                await asyncio.to_thread(project, settings.models_dir, version.configuration, artifact)
                async with frame.database.write(quiet=True) as write:
                    await repository.record_projection(write, version.configuration, version.version)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running(subscriptions(promotions), [gauntlet], {"projection": project_files}):
            yield

    app = new_app(
        "RingRift promotion", "Judges evaluations and keeps the ledger of canonical versions.", settings, lifespan
    )
    app.include_router(health_router(frame.checks))
    app.include_router(messaging_router(frame))
    app.include_router(promotion_router(frame, promotions, distribution))
    return app
