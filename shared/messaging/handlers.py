"""Which events a service handles, declared once: bus filters and feeds to read follow from it.

    HANDLERS: HandlerTable[PromotionService] = HandlerTable()

    @HANDLERS.on(EvaluationCompleted)
    async def evaluation_completed(service, tx, event, data): ...

A handler takes part in the transaction that also remembers the event; it never commits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from shared.contract.events import Event, EventData, RejectedError, trainer
from shared.storage.database import Write

Service = TypeVar("Service")
Data = TypeVar("Data", bound=EventData)
Handler = Callable[[Service, Write, Event, Data], Awaitable[None]]


class HandlerTable(Generic[Service]):
    """A service's handlers, by the type of event."""

    def __init__(self) -> None:
        self._handlers: dict[type[EventData], Handler[Service, Any]] = {}

    def on(self, data: type[Data]) -> Callable[[Handler[Service, Data]], Handler[Service, Data]]:
        """Declare the decorated function the handler of a type of event. ValueError if that type has one."""

        def declare(handler: Handler[Service, Data]) -> Handler[Service, Data]:
            if data in self._handlers:
                raise ValueError(f"{data.event_type} has a handler already")
            self._handlers[data] = handler
            return handler

        return declare

    def bound(self, service: Service) -> Handlers:
        """The handlers, each with the service that it acts for."""
        return Handlers({data: _bind(service, handler) for data, handler in self._handlers.items()})


class Handlers:
    """A service's handlers, ready to be called."""

    def __init__(self, by_data: Mapping[type[EventData], Callable[[Write, Event], Awaitable[None]]]) -> None:
        self._by_type = {data.event_type: handle for data, handle in by_data.items()}
        self._data = tuple(by_data)

    @property
    def types(self) -> tuple[str, ...]:
        """The types that are listened to."""
        return tuple(self._by_type)

    @property
    def feeds(self) -> dict[str, tuple[str, ...]]:
        """The types to read from each producer's feed, by producer."""
        producers = dict.fromkeys(data.producer for data in self._data if data.producer != trainer.PRODUCER)
        return {
            producer: tuple(data.event_type for data in self._data if data.producer == producer)
            for producer in producers
        }

    def of(self, event: Event) -> Callable[[Write, Event], Awaitable[None]]:
        """The handler of an event. RejectedError if nobody listens to its type."""
        handle = self._by_type.get(event.type)
        if handle is None:
            raise RejectedError(f"this service does not listen to {event.type}")
        return handle


def _bind(service: Service, handler: Handler[Service, Any]) -> Callable[[Write, Event], Awaitable[None]]:
    async def handle(tx: Write, event: Event) -> None:
        await handler(service, tx, event, event.data)

    return handle
