"""Which events a service handles, declared once: bus filters and feeds to read follow from it.

    HANDLERS: HandlerTable[PromotionService] = HandlerTable()

    @HANDLERS.on(EvaluationCompleted)
    async def evaluation_completed(service, tx, event, data): ...

A handler takes part in the transaction that also remembers the event; it never commits. What comes from outside the suite has no
feed, and is handed over as it came:

    @HANDLERS.from_outside(TrainingCompleted)
    async def training_completed(service, message): ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from shared.contract.events import Event, EventData, RejectedError
from shared.storage.database import Write


class Message(NamedTuple):
    """A message from the bus: where it was published, its headers, its bytes."""

    subject: str
    headers: Mapping[str, str]
    payload: bytes


Service = TypeVar("Service")
Data = TypeVar("Data", bound=EventData)
Handler = Callable[[Service, Write, Event, Data], Awaitable[None]]
OutsideHandler = Callable[[Service, Message], Awaitable[None]]
Handle = Callable[[Write, Event], Awaitable[None]]
HandleOutside = Callable[[Message], Awaitable[None]]


class HandlerTable(Generic[Service]):
    """A service's handlers, by the type of event."""

    def __init__(self) -> None:
        self._handlers: dict[type[EventData], Handler[Service, Any]] = {}
        self._outside: dict[type[EventData], OutsideHandler[Service]] = {}

    def on(self, data: type[Data]) -> Callable[[Handler[Service, Data]], Handler[Service, Data]]:
        """Declare the decorated function the handler of a type of event. ValueError if that type has one."""

        def declare(handler: Handler[Service, Data]) -> Handler[Service, Data]:
            self._require_new(data)
            self._handlers[data] = handler
            return handler

        return declare

    def from_outside(self, data: type[EventData]) -> Callable[[OutsideHandler[Service]], OutsideHandler[Service]]:
        """Declare the decorated function the handler of messages of a type that no service emits. ValueError if it has one."""

        def declare(handler: OutsideHandler[Service]) -> OutsideHandler[Service]:
            self._require_new(data)
            self._outside[data] = handler
            return handler

        return declare

    def bound(self, service: Service) -> Handlers:
        """The handlers, each with the service that it acts for."""
        return Handlers(
            {data: _bind(service, handler) for data, handler in self._handlers.items()},
            {data: _bind_outside(service, handler) for data, handler in self._outside.items()},
        )

    def _require_new(self, data: type[EventData]) -> None:
        if data in self._handlers or data in self._outside:
            raise ValueError(f"{data.event_type} has a handler already")


class Handlers:
    """A service's handlers, ready to be called."""

    def __init__(
        self,
        by_data: Mapping[type[EventData], Handle],
        outside: Mapping[type[EventData], HandleOutside],
    ) -> None:
        self._by_type = {data.event_type: handle for data, handle in by_data.items()}
        self._data = tuple(by_data)
        self.outside = {data.event_type: handle for data, handle in outside.items()}

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are listened to on the bus."""
        return (*self.outside, *self._by_type)

    @property
    def feeds(self) -> dict[str, tuple[str, ...]]:
        """The types to read from each producer's feed, by producer."""
        producers = dict.fromkeys(data.producer for data in self._data)
        return {
            producer: tuple(data.event_type for data in self._data if data.producer == producer)
            for producer in producers
        }

    def of(self, event: Event) -> Handle:
        """The handler of an event. RejectedError if nobody listens to its type."""
        handle = self._by_type.get(event.type)
        if handle is None:
            raise RejectedError(f"this service does not listen to {event.type}")
        return handle


def _bind(service: Service, handler: Handler[Service, Any]) -> Handle:
    async def handle(tx: Write, event: Event) -> None:
        await handler(service, tx, event, event.data)

    return handle


def _bind_outside(service: Service, handler: OutsideHandler[Service]) -> HandleOutside:
    async def handle(message: Message) -> None:
        await handler(service, message)

    return handle
