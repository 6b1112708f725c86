"""The frame of a service: database, bus, outbox relay, consumer and feed readers, put together and kept running.

A service starts at once and waits for its dependencies by itself: loops retry, `/readyz` says what is missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from shared.messaging.bus import Bus
from shared.messaging.feed import FeedReader, Producer
from shared.messaging.inbox import Inbox, Subscription
from shared.messaging.outbox import Outbox
from shared.messaging.tables import Messaging
from shared.process.settings import ServiceSettings
from shared.process.tasks import Loop, background
from shared.service.migrations import require_head
from shared.storage.database import Database
from shared.web.application import Check
from shared.web.keys import authorization


@dataclass
class ServiceFrame:
    """What every service is built on. `name` is also its schema and its durable consumer."""

    name: str
    settings: ServiceSettings
    database: Database
    bus: Bus
    outbox: Outbox
    client: httpx.AsyncClient
    tables: Messaging
    inbox: Inbox | None = None

    @classmethod
    def build(cls, name: str, settings: ServiceSettings, tables: Messaging) -> ServiceFrame:
        """Connect nothing yet; everything connects on first use."""
        client = httpx.AsyncClient(timeout=5, headers=authorization(settings.api_key))
        return cls(
            name,
            settings,
            Database(settings.database_url),
            Bus(settings.nats_url, name),
            Outbox(tables),
            client,
            tables,
        )

    @property
    def source(self) -> str:
        """The `source` of this service's events."""
        return f"/services/{self.name}"

    @property
    def checks(self) -> dict[str, Check]:
        """The dependencies that `/readyz` asks."""
        return {"postgres": self.database.ping, "migrations": self._migrated, "nats": self._connected}

    @asynccontextmanager
    async def running(
        self, subscriptions: Sequence[Subscription[Any]], producers: Sequence[Producer], loops: dict[str, Loop]
    ) -> AsyncIterator[None]:
        """Relay the outbox, consume events, read feeds, and run the service's own loops while the block lasts."""
        inbox = self.inbox = Inbox(self.database, self.tables, subscriptions)
        readers = {
            f"feed-{producer.name}": partial(
                FeedReader(producer, self.database, inbox, self.client).run, self.settings.feed_seconds
            )
            for producer in producers
        }
        everything: dict[str, Loop] = {
            "relay": partial(self.outbox.relay, self.database, self.bus),
            "consumer": partial(self.bus.consume, self.name, inbox.types, inbox.receive, inbox.bury),
            **readers,
            **loops,
        }
        try:
            async with background(everything):
                yield
        finally:
            await self.bus.close()
            await self.client.aclose()
            await self.database.close()

    async def _migrated(self) -> None:
        await require_head(self.database, self.name)

    async def _connected(self) -> None:
        await self.bus.connect()
