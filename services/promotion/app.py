"""Builds the promotion service: connections, use cases, the projection of canonical files, and the routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI

from services.promotion.api import (
    artifacts,
    audit,
    configurations,
    curriculum,
    decisions,
    distribute,
    epochs,
    holds,
    keys,
    policies,
    promote,
    signed_pointer,
    status,
    webhooks,
)
from services.promotion.api.problems import TRANSLATIONS
from services.promotion.audit_watch import AuditWatch
from services.promotion.cluster_client import ClusterClient
from services.promotion.console.desk import Desk
from services.promotion.console.pages import gate, page_routers
from services.promotion.console.read_model import ReadModel
from services.promotion.console.replays import Replays
from services.promotion.consumers import HANDLERS
from services.promotion.courier import Courier
from services.promotion.distribution_client import DistributionClient
from services.promotion.file_watch import FileWatch
from services.promotion.gauntlet_client import GauntletClient
from services.promotion.gauntlet_reader import GauntletReader
from services.promotion.projector import Projector
from services.promotion.repository import notice_rule
from services.promotion.service import PromotionService
from services.promotion.service.signed_pointer import Signing
from services.promotion.settings import PromotionSettings
from services.promotion.tables import MESSAGING
from services.promotion.trainings_client import TrainingsClient
from services.promotion.webhook_client import WebhookClient
from shared.process.http_client import new_outside_client
from shared.process.tasks import Loop
from shared.service import api as events
from shared.service.frame import DATABASE, Connections, ServiceFrame
from shared.storage.artifact_place import artifact_store
from shared.web import index
from shared.web.application import Description, health_router, new_app

DESCRIPTION = Description(
    "RingRift promotion",
    "Judges evaluations and keeps the ledger of canonical versions.",
    {
        "promotions": "What operators ask for: a promotion, a delivery.",
        "status": "The suite at a glance.",
        "pointer": "The canonical version of each configuration, its history, and going back in it.",
        "decisions": "What was decided on which evidence, and people's word on what waits for it.",
        "holds": "What people lay on a configuration: a pause, a pin, marks on bytes.",
        "policies": "What candidates are played and judged under.",
        "audit": "Who did what, in a chain for each configuration.",
        "keys": "API keys that are made and revoked while the suite runs.",
        "curriculum": "How much training each configuration should get, by what its candidates say.",
        "webhooks": "Who is told of events, and what they were told.",
    },
)
NOUNS = (
    promote, distribute, status, configurations, epochs, signed_pointer, holds, decisions, policies, artifacts, audit, keys,
    curriculum, webhooks,
)  # fmt: skip


def create_app(settings: PromotionSettings) -> FastAPI:
    """The application; its lifespan runs the relay, the consumer, the feed reader and the projection."""
    to = Connections.of("promotion", settings, MESSAGING)
    store = artifact_store(settings)
    distribution = DistributionClient(to.client, settings.distribution_url)
    gauntlet = GauntletClient(to.client, settings.gauntlet_url)
    watch = FileWatch(settings.models_dir, settings.projection_grace_seconds)
    service = PromotionService.of(
        settings, to.database, to.outbox, store, distribution, gauntlet, watch, to.keys, to.source, _signing(settings)
    )
    frame = ServiceFrame(to, HANDLERS.bound(service), [notice_rule(settings.keep_letters_days)])
    projector = Projector(to.database, store, settings.models_dir, watch)
    outside = new_outside_client(settings)
    receivers = WebhookClient(outside, settings.webhook_rules, partial(datetime.now, UTC))
    courier = Courier(to.database, receivers, settings.webhook_rules)
    verified = AuditWatch(service.audit.verify)
    loops: dict[str, Loop] = {
        "projection": projector.run, "artifacts": service.artifacts.run, "audit": verified.follow, "webhooks": courier.run,
        "approvals": service.decisions.follow, "figures": service.measure,
    }  # fmt: skip
    if settings.pointer_dir is not None:
        loops["signed pointer"] = service.signed_pointer.follow
    if settings.asks_for_keys:
        loops["keys"] = service.keys.follow

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(store.sweep)
        async with outside, frame.running(loops):
            yield

    pages = page_routers()
    model = ReadModel(service, frame.inbox, GauntletReader(to.client, settings.gauntlet_url))
    desk = Desk.of(settings, to.keys, model)
    routers = [
        index.router,
        health_router(
            {
                **frame.checks,
                "artifacts": partial(asyncio.to_thread, store.check),
                "signed pointer": service.signed_pointer.check,
            }
        ),
        events.router,
        events.document_router,
        *(noun.router for noun in NOUNS),
        configurations.heads_router,
        policies.of_configuration_router,
        decisions.approvals_router,
        holds.list_router,
        *pages,
    ]
    app = new_app(
        DESCRIPTION, settings, lifespan, routers, TRANSLATIONS, [gate(desk, pages)], accepted=to.keys, outages=DATABASE
    )
    app.state.service, app.state.frame, app.state.desk = service, frame, desk
    app.state.replays = Replays(to.client, settings.gauntlet_url)
    app.state.trainings = TrainingsClient(to.client, settings.gauntlet_url)
    app.state.cluster = ClusterClient(to.client, settings.distribution_url)
    return app


def _signing(settings: PromotionSettings) -> Signing | None:
    """The keys of the signed pointer; what they need takes time to load, and is loaded only where there are some."""
    if settings.pointer_dir is None:
        return None
    from shared.storage.pointer_keys import PointerKeys

    return PointerKeys(settings.pointer_dir)
