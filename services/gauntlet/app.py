"""Builds the gauntlet service: connections, use cases, the background work on evaluations, and the routes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.gauntlet import repository
from services.gauntlet.api import (
    artifacts,
    backlog,
    crashes,
    evaluations,
    games,
    intervals,
    progress,
    replays,
    status,
    trainings,
    uploads,
    verification,
    work,
)
from services.gauntlet.api.problems import TRANSLATIONS
from services.gauntlet.consumers import HANDLERS
from services.gauntlet.dispatcher import Dispatcher
from services.gauntlet.feedback_loop import FeedbackLoopController
from services.gauntlet.history import VersionHistory
from services.gauntlet.intake import Intake
from services.gauntlet.model_files import ModelFiles
from services.gauntlet.policies import PromotionPolicies, RememberedPolicies
from services.gauntlet.refused import Refused
from services.gauntlet.replayer import Replayer
from services.gauntlet.service import GauntletService, Journal, WorkService
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.tables import MESSAGING
from services.gauntlet.uploads import Uploads
from services.gauntlet.verifier import Verifier
from services.gauntlet.worker.loop import WorkerLoop
from services.gauntlet.worker.process import Processes
from shared.process.tasks import Loop
from shared.service import api as events
from shared.service.frame import DATABASE, Connections, ServiceFrame
from shared.service.issued_keys import issued_keys
from shared.storage.artifact_files import ArtifactFiles
from shared.storage.artifact_place import artifact_store
from shared.web import index
from shared.web.application import Description, health_router, new_app
from shared.web.streams import Streams

DESCRIPTION = Description(
    "RingRift gauntlet",
    "Plays candidates against their opponents.",
    {
        "trainings": "What trainers announced, and what became of it.",
        "uploads": "Models that trainers send, where no folder is shared.",
        "evaluations": "All the games of one candidate under one policy.",
        "games": "The recorded games of evaluations.",
        "work": "Games for workers on other machines.",
        "status": "The service at a glance.",
    },
)
NOUNS = (
    trainings,
    uploads,
    evaluations,
    games,
    intervals,
    replays,
    crashes,
    progress,
    verification,
    work,
    backlog,
    artifacts,
    status,
)


def create_app(settings: GauntletSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader, the intake and the runners."""
    to = Connections.of("gauntlet", settings, MESSAGING)
    journal = Journal(to.outbox, to.source)
    controller, lease = FeedbackLoopController(settings.play), settings.gauntlet_lease_seconds
    service = GauntletService(to.database, journal, controller, settings.models_dir, lease)
    store = artifact_store(settings)
    files = ModelFiles(store, settings.most_model_bytes)
    dispatcher = Dispatcher(WorkService(to.database, journal, settings.work, files.holds))
    kept = repository.retention(settings.keep_games_days, settings.keep_rejected_days)
    frame = ServiceFrame(to, HANDLERS.bound(service), kept)
    promotion = PromotionPolicies(to.client, settings.promotion_url)
    policies, history = RememberedPolicies(promotion, to.database), VersionHistory(promotion, to.database)
    replayer = Replayer(Processes(settings.gauntlet_device))
    loops = {
        "replays": replayer.run,
        **issued_keys(to),
        "versions": history.follow,
        "refused": Refused(service, store).run,
        **_background(settings, service, dispatcher, policies, files),
    }

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(store.sweep)
        async with frame.running(loops):
            yield

    routers = [
        index.router,
        health_router(
            {**frame.checks, "policy": policies.require_one, "artifacts": partial(asyncio.to_thread, store.check)}
        ),
        events.router,
        events.document_router,
        *(noun.router for noun in NOUNS),
    ]
    app = new_app(DESCRIPTION, settings, lifespan, routers, TRANSLATIONS, accepted=to.keys, outages=DATABASE)
    app.state.service, app.state.frame = service, frame
    app.state.streams = Streams(settings.most_streams)
    app.state.verifier = Verifier(Processes(settings.gauntlet_device), files)
    app.state.replayer = replayer
    app.state.artifacts, app.state.dispatcher = ArtifactFiles(store), dispatcher
    app.state.uploads = Uploads(store, settings.uploads_dir, settings.most_model_bytes)
    app.state.most_piece_bytes = settings.most_body_bytes
    return app


def _background(
    settings: GauntletSettings,
    service: GauntletService,
    dispatcher: Dispatcher,
    policies: RememberedPolicies,
    files: ModelFiles,
) -> dict[str, Loop]:
    """The loops that take evaluations in, hand out their games, and play some of them."""
    most_bytes, name = settings.most_model_bytes, f"{socket.gethostname()}:{os.getpid()}"
    playing = Processes(settings.gauntlet_device)
    intake = Intake(service, files.store, settings.models_dir, policies, most_bytes, settings.gauntlet_intake_seconds)
    workers = {
        f"worker-{number}": WorkerLoop(f"{name}:{number}", dispatcher, files, playing, settings.gauntlet_lanes).run
        for number in range(1, settings.gauntlet_workers + 1)
    }
    waiting = {"take-in": intake.take_in, "ask-policies": intake.ask_for_policies, "policies": policies.follow}
    return {
        **waiting,
        "dispatcher": dispatcher.run,
        "reports": dispatcher.follow_reports,
        "deadlines": dispatcher.end_overdue,
        "figures": dispatcher.measure,
        **workers,
    }
