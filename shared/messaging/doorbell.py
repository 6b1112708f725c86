"""What a message on the bus sets off. Whoever can publish there can make a service look, and nothing more.

An event of one of the suite's services is taken if that service signed it, with a key that its own feed has named; else it is read
from that feed. Only what comes from outside the suite is handed over as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from prometheus_client import Counter

from shared.contract.events import DATA_MODELS, SUBJECT_PREFIX
from shared.messaging.handlers import Handlers, Message

IGNORED = Counter("ringrift_messages_ignored", "Messages on the bus that are none of this service's business")


class Readable(Protocol):
    """A producer's feed; `Feed` says what each does."""

    def look(self) -> None: ...
    async def take(self, message: Message) -> bool: ...


class Doorbell:
    """The receiver of one service's messages. `feeds`: by producer."""

    def __init__(self, handlers: Handlers, feeds: Mapping[str, Readable]) -> None:
        self._handlers, self._feeds = handlers, feeds

    async def receive(self, message: Message) -> None:
        """Hand over what comes from outside; take what the named producer proves, or look at its feed. RejectedError for a message
        from outside that can never be handled."""
        event_type = message.subject.removeprefix(f"{SUBJECT_PREFIX}.").partition(".")[0]
        handle = self._handlers.outside.get(event_type)
        if handle is not None:
            return await handle(message)
        feed = self._feeds.get(DATA_MODELS[event_type].producer) if event_type in self._handlers.types else None
        if feed is None:
            return IGNORED.inc()
        if not await feed.take(message):
            feed.look()
