"""The frame of a service: its connections, its outbox relay, its consumer and feed readers, put together and kept running.

A service starts at once and waits for its dependencies by itself: loops retry, `/readyz` says what is missing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx

from shared.messaging.bus import Bus
from shared.messaging.doorbell import Doorbell
from shared.messaging.feed import Feed
from shared.messaging.figures import measure
from shared.messaging.handlers import Handlers
from shared.messaging.inbox import Inbox
from shared.messaging.nats_connection import NatsOptions
from shared.messaging.outbox import Outbox
from shared.messaging.repository import KeptDays, MessageStore
from shared.messaging.signature import Signer
from shared.messaging.tables import Messaging
from shared.process.credentials import AcceptedKeys
from shared.process.http_client import new_client
from shared.process.settings import ServiceSettings
from shared.process.tasks import Loop, background
from shared.service.migrations import require_head
from shared.storage.database import Database
from shared.storage.outages import KINDS, outage
from shared.storage.retention import Retention, Rule
from shared.web.application import Check
from shared.web.unavailable import Outages

DATABASE = Outages(KINDS, outage)
"""How errors say that the database is away."""


@dataclass(frozen=True)
class Connections:
    """What a service is connected to. `name` is also its schema and its durable consumer. Everything connects on first use."""

    name: str
    settings: ServiceSettings
    database: Database
    bus: Bus
    messages: MessageStore
    outbox: Outbox
    client: httpx.AsyncClient
    keys: AcceptedKeys
    signer: Signer

    @classmethod
    def of(cls, name: str, settings: ServiceSettings, tables: Messaging) -> Connections:
        """The connections of a service by its settings."""
        messages, signer = MessageStore(tables), Signer()
        database, bus = Database(settings.database_address), Bus(NatsOptions.of(settings), name, signer=signer)
        keys = AcceptedKeys(settings.api_keys)
        return cls(name, settings, database, bus, messages, Outbox(messages), new_client(settings), keys, signer)

    @property
    def source(self) -> str:
        """The `source` of this service's events."""
        return f"/services/{self.name}"

    async def close(self) -> None:
        """Close every connection."""
        await self.bus.close()
        await self.client.aclose()
        await self.database.close()


class ServiceFrame:
    """What keeps a service going: events out, events in by bus and feed, and its own loops."""

    def __init__(self, connections: Connections, handlers: Handlers, rules: Sequence[Rule] = ()) -> None:
        """`rules`: what the service keeps for a time only, beside its messages."""
        self.connections = connections
        self.inbox = Inbox(connections.database, connections.messages, handlers)
        self.feeds = {
            producer: Feed(producer, connections.settings.url_of(producer), types, self.inbox, connections.client)
            for producer, types in handlers.feeds.items()
        }
        self.doorbell = Doorbell(handlers, self.feeds)
        to = connections.settings
        keep = KeptDays(to.keep_events_days, to.keep_handled_days, to.keep_letters_days)
        self.retention = Retention(connections.database, [*connections.messages.retention(keep), *rules])

    @property
    def checks(self) -> dict[str, Check]:
        """The dependencies that `/readyz` asks."""
        feeds = {f"feed-{producer}": feed.require_accepted for producer, feed in self.feeds.items()}
        own = {"postgres": self.connections.database.ping, "migrations": self._migrated, "nats": self._rung}
        return {**own, **feeds}

    @asynccontextmanager
    async def running(self, loops: Mapping[str, Loop]) -> AsyncIterator[None]:
        """Announce and relay the outbox, listen to the bus, read feeds, and run the service's own loops while the block lasts."""
        to = self.connections
        everything: dict[str, Loop] = {
            "retention": self.retention.run,
            "messages": partial(measure, to.database, to.messages),
            "announce": partial(to.outbox.announce, to.bus.publish),
            "relay": partial(to.outbox.relay, to.database, to.bus.publish),
            "consumer": partial(
                to.bus.consume, to.name, self.inbox.handlers.types, self.doorbell.receive, self.inbox.bury
            ),
            **{f"feed-{each.producer}": partial(each.follow, to.settings.feed_seconds) for each in self.feeds.values()},
            **loops,
        }
        try:
            async with background(everything):
                yield
        finally:
            await to.close()

    async def _migrated(self) -> None:
        await require_head(self.connections.database, self.connections.name)

    async def _rung(self) -> None:
        await self.connections.bus.check(self.connections.name, self.inbox.handlers.types)
