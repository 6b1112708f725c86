"""The transport that always works: ranges of the artifact over HTTP, from the distribution service, or where an order says."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import httpx

from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder
from services.distribution.agent.sources import shown
from services.distribution.agent.store import StoreError
from shared.process.http_client import bounded
from shared.storage.files import CHUNK

SILENCE_SECONDS = 30.0
"""For how long the source may send nothing."""
SLOWEST_BYTES_PER_SECOND = 16 * 1024
"""A transfer that is slower on the whole is given up, so that it holds up no other; the next order resumes it."""


class HttpRanges:
    """As `Transport`. It goes on where an earlier transfer broke off. `outside`: the client for addresses elsewhere than at the
    distribution service, which has none of this node's keys."""

    def __init__(
        self, client: httpx.AsyncClient, outside: httpx.AsyncClient | None = None,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:  # fmt: skip
        self._client, self._outside, self._silence_seconds = client, outside or client, silence_seconds
        self.port: int | None = None

    async def start(self, held: Collection[str]) -> None:
        """As `Transport.start`: it has nothing to begin."""

    async def fetch(self, order: ModelOrder, part: Part, progress: FetchProgress) -> None:
        """As `Transport.fetch`."""
        seconds = 2 * self._silence_seconds + (order.size - part.size) / SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout(seconds):
                await self._stream(part, order, progress)
        except TimeoutError:
            raise StoreError(f"the transfer was not complete after {seconds:.0f} s; it is resumed from there") from None
        if part.size != order.size:
            raise StoreError(f"the transfer ended after {part.size} of {order.size} bytes; it is resumed from there")

    async def retain(self, digests: Collection[str]) -> None:
        """As `Transport.retain`: it keeps nothing."""

    async def close(self) -> None:
        """As `Transport.close`: it has nothing to end."""

    async def _stream(self, part: Part, order: ModelOrder, progress: FetchProgress) -> None:
        headers, limits = {"Range": f"bytes={part.size}-"}, bounded(None, seconds=self._silence_seconds)
        silence = httpx.Timeout(self._silence_seconds)
        client, address = self._outside if order.address else self._client, order.fetched_from
        request = client.stream("GET", address, headers=headers, timeout=silence, extensions=limits)
        async with request as answer:
            if answer.status_code not in (200, 206):
                raise StoreError(f"GET {shown(address)} answered {answer.status_code}")
            if answer.status_code == 200:
                part.restart()
            async for chunk in answer.aiter_raw(CHUNK):
                if part.size + len(chunk) > order.size:
                    await asyncio.to_thread(part.discard)
                    raise StoreError(f"GET {shown(address)} sent more than the {order.size} bytes of the order")
                await asyncio.to_thread(part.write, chunk)
                progress.from_service += len(chunk)
                progress.bytes_done = part.size
