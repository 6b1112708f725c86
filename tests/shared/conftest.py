"""A schema with nothing but the messaging tables, and the parts that work on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.contract.events import Event, EventData, TrainingCompleted
from shared.messaging.bus import Bus
from shared.messaging.inbox import Inbox, Subscription
from shared.messaging.outbox import Outbox
from shared.messaging.tables import Messaging
from shared.storage.database import Database, Write
from tests.kit.servers import Migrate

METADATA = MetaData(schema="trial")
TABLES = Messaging(METADATA)


def create_schema(url: str) -> None:
    """Create the trial schema."""

    async def create() -> None:
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text("create schema trial"))
            await connection.run_sync(METADATA.create_all)
        await engine.dispose()

    asyncio.run(create())


@pytest.fixture(scope="session")
def database_template(make_template: Callable[[str, Migrate], str]) -> str:
    """Every test's database has the trial schema."""
    return make_template("trial", create_schema)


@dataclass
class Trial:
    """A service reduced to its messaging: it writes down what it handled, and fails as told."""

    database: Database
    outbox: Outbox
    bus: Bus
    handled: list[UUID] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inbox = Inbox(self.database, TABLES, [Subscription(TrainingCompleted, self.handle)])

    async def handle(self, tx: Write, event: Event, data: EventData) -> None:
        """Handle an event, or raise the next failure."""
        if self.failures:
            raise self.failures.pop(0)
        self.handled.append(event.id)

    async def emit(self, *events: Event) -> None:
        """Write events to the outbox in one transaction."""
        async with self.database.write() as tx:
            for event in events:
                await self.outbox.add(tx, event)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; a test fails by its timeout."""
        async with asyncio.timeout(20):
            while not condition():  # noqa: ASYNC110 - the condition may be anything, so there is no event to wait for
                await asyncio.sleep(0.01)


@pytest.fixture
async def trial(database_url: str, nats_url: str) -> AsyncIterator[Trial]:
    """The messaging parts on a database and a NATS server of this test's own."""
    trial = Trial(Database(database_url), Outbox(TABLES), Bus(nats_url, "trial"))
    yield trial
    await trial.bus.close()
    await trial.database.close()


@pytest.fixture
def training() -> Event:
    """An event as a trainer emits it."""
    return training_event()


def training_event(path: str = "models/a.pth") -> Event:
    """A new TRAINING_COMPLETED."""
    return Event.of(TrainingCompleted(board_type="hex8", num_players=2, model_path=path), source="/trainers/test")
