"""What these tests do with a NATS server: settings as a service reads them, and an event there and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from shared.contract.events import Event
from shared.contract.events.trainer import TrainingCompleted
from shared.messaging.bus import Bus
from shared.messaging.handlers import Message
from shared.messaging.nats_connection import NatsOptions
from shared.process.nats_settings import NatsSettings
from shared.process.tasks import background
from tests.kit.waiting import async_until

TYPE = "TRAINING_COMPLETED"


def options(**settings: Any) -> NatsOptions:
    """The options of settings, named as in the environment but for RINGRIFT_NATS_."""
    return NatsOptions.of(NatsSettings(**{f"nats_{name}": value for name, value in settings.items()}))


@asynccontextmanager
async def bus_at(*, renew_seconds: float = 30, **settings: Any) -> AsyncIterator[Bus]:
    """A bus by these settings, closed at the end."""
    bus = Bus(options(**settings), "test", renew_seconds)
    try:
        yield bus
    finally:
        await bus.close()


def event() -> Event:
    """A new event."""
    return Event.of(
        TrainingCompleted(board_type="hex8", num_players=2, model_path="models/a.pth"), source="/trainers/test"
    )


@asynccontextmanager
async def listening(bus: Bus, durable: str = "test", types: tuple[str, ...] = (TYPE,)) -> AsyncIterator[list[bytes]]:
    """A consumer that goes on whatever happens, as a service's does; what it receives is in the list."""
    received: list[bytes] = []

    async def receive(message: Message) -> None:
        received.append(message.payload)

    async def bury(*_: object) -> None:
        raise AssertionError("nothing is buried here")

    async with background({"consumer": partial(bus.consume, durable, types, receive, bury)}):
        yield received


async def require_round_trip(bus: Bus) -> None:
    """An event goes out and comes in, and the readiness check says that all is well."""
    async with listening(bus) as received:
        sent = event()
        await published(bus, sent)
        await arrived(received, sent)
        await bus.check("test", [TYPE])


async def published(bus: Bus, sent: Event) -> None:
    """Publish as the relay does: until it is acknowledged."""

    async def tried() -> bool:
        try:
            await bus.publish(sent)
        except Exception:
            return False
        return True

    await async_until(tried, 60)


async def arrived(received: list[bytes], sent: Event) -> None:
    """Wait until the event is among what was received."""

    async def there() -> bool:
        return any(str(sent.id).encode() in each for each in received)

    await async_until(there, 60, lambda: f"received: {len(received)}")


async def complaint(bus: Bus) -> str:
    """What the readiness check says; it must say something, and in time."""
    said = await _said(bus)
    assert said is not None, "the check says that all is well"
    return said


async def complaint_of(word: str, bus: Bus) -> str:
    """What the check says, once the word is in it, as it stands or in small letters: a server may need a moment to notice."""

    async def said() -> str | None:
        text = await _said(bus)
        return text if text is not None and (word in text or word in text.lower().replace("_", " ")) else None

    return str(await async_until(said, 60))


async def _said(bus: Bus) -> str | None:
    """What the check says, in time; None if all is well."""
    try:
        async with asyncio.timeout(15):
            await bus.check("test", [TYPE])
    except (ConnectionError, RuntimeError) as error:
        return str(error)
    return None
