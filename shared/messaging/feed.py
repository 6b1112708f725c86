"""Reading other services' event feeds over HTTP, so that a lost message, or a lost stream, only costs time.

Every event read here goes through the same inbox as one from the bus; the cursor moves when the events before it are handled.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import httpx

from shared.contract.events import EventType, RejectedError
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import BEGINNING
from shared.process.logs import get_logger
from shared.storage.database import Database

PAGE = 100
_log = get_logger(__name__)


@dataclass(frozen=True)
class Producer:
    """Another service, by name and address, and the types of its events that matter here."""

    name: str
    url: str
    types: tuple[EventType, ...]


class FeedReader:
    """Reads one producer's feed from where it left off."""

    def __init__(self, producer: Producer, database: Database, inbox: Inbox, client: httpx.AsyncClient) -> None:
        self._producer, self._database, self._inbox, self._client = producer, database, inbox, client

    async def run(self, seconds: float) -> None:
        """Read all there is, then again every `seconds`, for ever. An unreachable producer is asked again later."""
        while True:
            try:
                while await self.read_page() == PAGE:
                    pass
            except httpx.HTTPError as error:
                _log.debug("feed unreachable", producer=self._producer.name, error=repr(error))
            await asyncio.sleep(seconds)

    async def read_page(self) -> int:
        """Handle the next events of the feed; returns how many there were."""
        async with self._database.read() as tx:
            cursor = await self._inbox.cursor(tx, self._producer.name) or BEGINNING
        answer = await self._client.get(
            f"{self._producer.url}/v1/events",
            params={"after": cursor, "limit": PAGE, "type": [str(each) for each in self._producer.types]},
        )
        answer.raise_for_status()
        page = answer.json()
        for item in page["items"]:
            await self._handle(item)
        if page["next"] != cursor:
            async with self._database.write() as write:
                await self._inbox.advance(write, self._producer.name, page["next"])
        return len(page["items"])

    async def _handle(self, item: object) -> None:
        payload = json.dumps(item)
        try:
            await self._inbox.receive(payload)
        except RejectedError as error:
            await self._inbox.bury(f"feed of {self._producer.name}", payload, str(error), 1)
