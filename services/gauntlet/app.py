"""Builds the gauntlet service: connections, use cases, the background work on evaluations, and the routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.gauntlet import repository
from services.gauntlet.api import artifacts, evaluations, games, progress, trainings, verification
from services.gauntlet.api.problems import TRANSLATIONS
from services.gauntlet.consumers import HANDLERS
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.intake import Intake
from services.gauntlet.model_files import ModelFiles
from services.gauntlet.policies import PromotionPolicies, RememberedPolicies
from services.gauntlet.runner import EvaluationRunner
from services.gauntlet.service import GauntletService
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.tables import MESSAGING
from services.gauntlet.verifier import Verifier
from services.gauntlet.worker.process import Processes
from shared.process.tasks import Loop
from shared.service import api as events
from shared.service.frame import Connections, ServiceFrame
from shared.storage.artifacts import ArtifactStore
from shared.web import index
from shared.web.application import Description, health_router, new_app
from shared.web.streams import Streams

DESCRIPTION = Description("RingRift gauntlet", "Plays candidates against their opponents.")
NOUNS = (trainings, evaluations, games, progress, verification, artifacts)


def create_app(settings: GauntletSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader, the intake and the runners."""
    to = Connections.of("gauntlet", settings, MESSAGING)
    service = GauntletService(
        to.database, to.outbox, to.source, FeedbackLoopController(settings.play), settings.models_dir,
        settings.gauntlet_lease_seconds, settings.gauntlet_attempts,
    )  # fmt: skip
    kept = repository.retention(settings.keep_games_days, settings.keep_rejected_days)
    frame = ServiceFrame(to, HANDLERS.bound(service), kept)
    policies = RememberedPolicies(PromotionPolicies(to.client, settings.promotion_url), to.database)
    store = ArtifactStore(settings.artifacts_dir)
    loops = _background(settings, service, policies, store)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with frame.running(loops):
            yield

    routers = [
        index.router,
        health_router({**frame.checks, "policy": policies.require_one}),
        events.router,
        *(noun.router for noun in NOUNS),
    ]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS)
    app.state.service, app.state.frame = service, frame
    app.state.streams = Streams(settings.most_streams)
    app.state.verifier = Verifier(Processes(), ModelFiles(store, settings.most_model_bytes))
    app.state.artifacts = store
    return app


def _background(
    settings: GauntletSettings, service: GauntletService, policies: RememberedPolicies, store: ArtifactStore
) -> dict[str, Loop]:
    """The loops that take evaluations in and carry them out."""
    most_bytes = settings.most_model_bytes
    intake = Intake(service, store, settings.models_dir, policies, most_bytes, settings.gauntlet_intake_seconds)
    runner = EvaluationRunner(
        service, Processes(), store, settings.gauntlet_lanes, settings.gauntlet_attempts, most_bytes
    )
    players = {f"play-{number}": runner.play for number in range(1, settings.gauntlet_workers + 1)}
    waiting = {"take-in": intake.take_in, "ask-policies": intake.ask_for_policies, "policies": policies.follow}
    return {**waiting, **players}
