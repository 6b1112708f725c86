"""A schema with nothing but the messaging tables, and the parts that work on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.contract.events import Event
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.bus import Bus
from shared.messaging.handlers import HandlerTable
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import Outbox
from shared.messaging.repository import MessageStore
from shared.messaging.tables import Messaging
from shared.storage.database import Database, Write
from tests.kit.servers import Migrate
from tests.kit.waiting import async_until

METADATA = MetaData(schema="trial")
TABLES = Messaging(METADATA)
STORE = MessageStore(TABLES)


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
        self.inbox = Inbox(self.database, STORE, HANDLERS.bound(self))

    async def emit(self, *events: Event) -> None:
        """Write events to the outbox in one transaction."""
        async with self.database.write() as tx:
            for event in events:
                await self.outbox.add(tx, event)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; a test fails by its timeout."""

        async def asked() -> bool:
            return condition()

        await async_until(asked, 20)


HANDLERS: HandlerTable[Trial] = HandlerTable()


@HANDLERS.on(TrainingCompleted)
async def training_completed(trial: Trial, tx: Write, event: Event, data: TrainingCompleted) -> None:
    """Handle an event, or raise the next failure."""
    if trial.failures:
        raise trial.failures.pop(0)
    trial.handled.append(event.id)


@pytest.fixture
async def trial(database_url: str, nats_url: str) -> AsyncIterator[Trial]:
    """The messaging parts on a database and a NATS server of this test's own."""
    trial = Trial(Database(database_url), Outbox(STORE), Bus(nats_url, "trial"))
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
