"""Reading other services' event feeds over HTTP: what proves their events, by itself or by the key that it names.

The feed also names the key with which its producer signs what it says on the bus; what bears that signature is handled at once, and
seen again, as handled, when the feed is read next. The reader is woken by the bus and looks by itself now and then, so that a lost
message, or a lost stream, only costs time. Every event goes through the inbox; the cursor moves over everything that was seen, when
the events before it are handled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import httpx

from shared.contract.events import RejectedError
from shared.messaging.handlers import Message
from shared.messaging.outbox import BEGINNING
from shared.messaging.signature import HEADER, NamedKeys
from shared.process.logs import get_logger
from shared.storage.database import is_outage

PAGE = 100
MOST_TRIES = 5
"""How often an event is tried whose handler fails for no outage of ours."""
RETRY_SECONDS = (0.2, 1.0, 5.0)
_log = get_logger(__name__)


class Reader(Protocol):
    """Who the events are read for: the inbox."""

    async def cursor(self, producer: str) -> str | None: ...
    async def advance(self, producer: str, cursor: str) -> None: ...
    async def receive(self, payload: bytes | str) -> None: ...
    async def bury(self, subject: str, payload: bytes | str, reason: str, deliveries: int) -> None: ...


class FeedRefusedError(Exception):
    """The producer answered, and refused: the key, or the question. The text says what it said."""


class Feed:
    """One producer's feed, by name and address, and the types of its events that matter here."""

    def __init__(self, producer: str, url: str, types: Sequence[str], inbox: Reader, client: httpx.AsyncClient) -> None:
        self.producer, self.types = producer, types
        self._url, self._inbox, self._client = f"{url.rstrip('/')}/v1/events", inbox, client
        self._rung = asyncio.Event()
        self._tries: dict[str, int] = {}
        self._refusal: FeedRefusedError | None = None
        self._keys = NamedKeys()

    def look(self) -> None:
        """Read at once what there is."""
        self._rung.set()

    async def take(self, message: Message) -> bool:
        """Handle a message if the producer proves it; False if it does not, or if that fails: then the feed is to be read."""
        if not self._keys.prove(message.headers.get(HEADER, ""), message.payload):
            return False
        try:
            await self._inbox.receive(message.payload)
        except Exception as error:
            _log.debug("not taken from the bus", producer=self.producer, subject=message.subject, error=repr(error))
            return False
        return True

    async def require_accepted(self) -> None:
        """FeedRefusedError if the producer refused when it was asked last. One that is away has not refused."""
        if self._refusal is not None:
            raise self._refusal

    async def follow(self, seconds: float) -> None:
        """Read all there is, then again whenever it is rung for and every `seconds`, for ever."""
        failures = 0
        while True:
            self._rung.clear()
            try:
                while await self.read_page():
                    pass
            except (httpx.HTTPError, FeedRefusedError) as error:
                _log.debug("feed unreadable", producer=self.producer, error=repr(error))
                failures += 1
                await asyncio.sleep(min(seconds, RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1]))
                continue
            failures = 0
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._rung.wait()

    async def read_page(self) -> bool:
        """Handle the next events from where the reading has come to; whether there may be more."""
        cursor = await self._inbox.cursor(self.producer) or BEGINNING
        page = await self._ask(cursor)
        if page is None:
            await self._inbox.advance(self.producer, BEGINNING)
            return True
        for item in page["items"]:
            await self._handle(item)
        if page["next"] != cursor:
            await self._inbox.advance(self.producer, page["next"])
        return len(page["items"]) == PAGE

    async def _ask(self, cursor: str) -> Any:
        """The page after a cursor; None if the producer does not know the cursor."""
        answer = await self._client.get(self._url, params={"after": cursor, "limit": PAGE, "type": list(self.types)})
        if answer.status_code == httpx.codes.GONE and cursor != BEGINNING:
            _log.warning("feed read anew", producer=self.producer, cursor=cursor, answer=answer.text[:500])
            return None
        self._refusal = None
        if answer.is_client_error:
            self._refusal = FeedRefusedError(f"{self._url} answered {answer.status_code}: {answer.text[:200]}")
            raise self._refusal
        answer.raise_for_status()
        page = answer.json()
        self._keys.named(str(page.get("key")))
        return page

    async def _handle(self, item: Any) -> None:
        payload = json.dumps(item)
        try:
            await self._inbox.receive(payload)
        except RejectedError as error:
            await self._bury(payload, str(error), 1)
        except Exception as error:
            if is_outage(error) or not self._is_given_up(payload):
                raise
            await self._bury(payload, f"failed {MOST_TRIES} times, at last with {error!r}", MOST_TRIES)
        self._tries.pop(payload, None)

    def _is_given_up(self, payload: str) -> bool:
        self._tries[payload] = self._tries.get(payload, 0) + 1
        return self._tries[payload] >= MOST_TRIES

    async def _bury(self, payload: str, reason: str, deliveries: int) -> None:
        await self._inbox.bury(f"feed of {self.producer}", payload, reason, deliveries)
