"""A schema with nothing but the messaging tables, and the parts that work on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.contract.events import Event
from shared.contract.events.promotion import ModelPromoted
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.bus import Bus
from shared.messaging.doorbell import Doorbell
from shared.messaging.feed import Feed
from shared.messaging.handlers import HandlerTable, Message
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import BEGINNING, CursorUnknownError, FeedPage, Outbox
from shared.messaging.repository import DeadLetter, MessageStore
from shared.messaging.signature import Signer
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
    """A service reduced to its messaging, which is its own producer: it writes down what it handled, and fails as told.

    `away`: whether its feed answers nobody. `spared`: events that no failure meets.
    """

    database: Database
    outbox: Outbox
    bus: Bus
    signer: Signer
    away: bool = False
    handled: list[UUID] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    spared: set[UUID] = field(default_factory=set)
    outside: list[bytes] = field(default_factory=list)

    async def letters(self) -> list[DeadLetter]:
        """Its first dead letters."""
        async with self.database.read() as tx:
            return await self.inbox.dead_letters(tx, 0, 10)

    def __post_init__(self) -> None:
        handlers = HANDLERS.bound(self)
        self.inbox = Inbox(self.database, STORE, handlers)
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.feed = Feed("promotion", "http://promotion", handlers.feeds["promotion"], self.inbox, client)
        self.doorbell = Doorbell(handlers, {"promotion": self.feed})

    async def emit(self, *events: Event) -> None:
        """Write events to the outbox in one transaction."""
        async with self.database.write() as tx:
            for event in events:
                await self.outbox.add(tx, event)

    async def page(self, after: str = BEGINNING, limit: int = 10) -> FeedPage:
        """A page of the feed, once every event has its place."""
        await self.outbox.order_once(self.database)
        async with self.database.read() as read:
            return await self.outbox.page(read, after, limit)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """GET /v1/events, of this service's own outbox."""
        asked = request.url.params
        if self.away:
            return httpx.Response(503)
        await self.outbox.order_once(self.database)
        async with self.database.read() as read:
            try:
                page = await self.outbox.page(read, asked["after"], int(asked["limit"]), asked.get_list("type"))
            except CursorUnknownError as error:
                return httpx.Response(410, text=str(error))
        items = [event.model_dump(mode="json") for event in page.events]
        return httpx.Response(200, json={"items": items, "next": page.cursor, "key": self.signer.key})

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; a test fails by its timeout."""

        async def asked() -> bool:
            return condition()

        await async_until(asked, 20)


HANDLERS: HandlerTable[Trial] = HandlerTable()


@HANDLERS.on(ModelPromoted)
async def model_promoted(trial: Trial, tx: Write, event: Event, data: ModelPromoted) -> None:
    """Handle an event, or raise the next failure."""
    if trial.failures and event.id not in trial.spared:
        raise trial.failures.pop(0)
    trial.handled.append(event.id)


@HANDLERS.from_outside(TrainingCompleted)
async def training_completed(trial: Trial, message: Message) -> None:
    """Take a message, or raise the next failure."""
    if trial.failures:
        raise trial.failures.pop(0)
    trial.outside.append(message.payload)


@pytest.fixture
async def trial(database_url: str, nats_url: str) -> AsyncIterator[Trial]:
    """The messaging parts on a database and a NATS server of this test's own."""
    signer = Signer()
    trial = Trial(Database(database_url), Outbox(STORE), Bus(nats_url, "trial", signer=signer), signer)
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


@pytest.fixture
def promoted() -> Event:
    """An event as the promotion service emits it."""
    return promoted_event()


def promoted_event(version: int = 1) -> Event:
    """A new MODEL_PROMOTED."""
    data = ModelPromoted(
        board_type="hex8",
        num_players=2,
        version=version,
        digest="0" * 64,
        size=1,
        decision_id=uuid4(),
        kind="automatic",
    )
    return Event.of(data, source="/services/promotion")
