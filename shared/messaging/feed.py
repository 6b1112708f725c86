"""Reading other services' event feeds over HTTP, so that a lost message, or a lost stream, only costs time.

Every event read here goes through the same inbox as one from the bus; the cursor moves when the events before it are handled.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from shared.contract.events import RejectedError
from shared.messaging.outbox import BEGINNING
from shared.process.logs import get_logger

PAGE = 100
_log = get_logger(__name__)


class Reader(Protocol):
    """Who the events are read for: the inbox."""

    async def cursor(self, producer: str) -> str | None: ...
    async def advance(self, producer: str, cursor: str) -> None: ...
    async def receive(self, payload: bytes | str) -> None: ...
    async def bury(self, subject: str, payload: bytes | str, reason: str, deliveries: int) -> None: ...


@dataclass(frozen=True)
class Feed:
    """One producer's feed, by name and address, and the types of its events that matter here."""

    producer: str
    url: str
    types: Sequence[str]
    inbox: Reader
    client: httpx.AsyncClient

    async def follow(self, seconds: float) -> None:
        """Read all there is, then again every `seconds`, for ever. An unreachable producer is asked again later."""
        while True:
            try:
                while await self.read_page() == PAGE:
                    pass
            except httpx.HTTPError as error:
                _log.debug("feed unreachable", producer=self.producer, error=repr(error))
            await asyncio.sleep(seconds)

    async def read_page(self) -> int:
        """Handle the next events from where the reading has come to; returns how many there were."""
        cursor = await self.inbox.cursor(self.producer) or BEGINNING
        answer = await self.client.get(
            f"{self.url}/v1/events", params={"after": cursor, "limit": PAGE, "type": list(self.types)}
        )
        answer.raise_for_status()
        page = answer.json()
        for item in page["items"]:
            await self._handle(item)
        if page["next"] != cursor:
            await self.inbox.advance(self.producer, page["next"])
        return len(page["items"])

    async def _handle(self, item: object) -> None:
        payload = json.dumps(item)
        try:
            await self.inbox.receive(payload)
        except RejectedError as error:
            await self.inbox.bury(f"feed of {self.producer}", payload, str(error), 1)
