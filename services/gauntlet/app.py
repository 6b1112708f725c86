"""Builds the gauntlet service: the frame, the runner of evaluations, and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.gauntlet.api import gauntlet_router
from services.gauntlet.consumers import subscriptions
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.outcome import Announcer
from services.gauntlet.runner import EvaluationRunner
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.tables import MESSAGING
from shared.contract.events import EventType
from shared.messaging.api import messaging_router
from shared.messaging.feed import Producer
from shared.service.frame import ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web.application import health_router, new_app


def create_app(settings: GauntletSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the runner of evaluations."""
    frame = ServiceFrame.build("gauntlet", settings, MESSAGING)
    controller = FeedbackLoopController(settings.gates(), settings.play, settings.skip_gauntlet)
    announcer = Announcer(frame.outbox, frame.source)
    runner = EvaluationRunner(settings, frame.database, announcer, ArtifactStore(settings.artifacts_dir))
    promotion = Producer(
        "promotion", settings.promotion_url, (EventType.EVALUATION_REQUESTED, EventType.MODEL_PROMOTED)
    )
    players = {f"play-{number}": runner.play for number in range(1, settings.gauntlet_workers + 1)}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running(subscriptions(controller), [promotion], {"take-in": runner.take_in, **players}):
            yield

    app = new_app("RingRift gauntlet", "Plays candidates against their opponents.", settings, lifespan)
    app.include_router(health_router(frame.checks))
    app.include_router(messaging_router(frame))
    app.include_router(gauntlet_router(frame, controller, announcer))
    return app
