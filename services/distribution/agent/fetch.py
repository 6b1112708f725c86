"""Transfers: one for each configuration at a time, resumed where an earlier one broke off, with bounded memory."""

from __future__ import annotations

import asyncio

import httpx

from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder
from services.distribution.agent.store import ModelStore, StoreError, VersionRefusedError
from shared.contract.words import LONGEST_REASON, storable
from shared.process.http_client import bounded
from shared.process.logs import get_logger
from shared.storage.files import CHUNK

_log = get_logger(__name__)
CONCURRENT_FETCHES = 2
SILENCE_SECONDS = 30.0
"""For how long the source may send nothing."""
SLOWEST_BYTES_PER_SECOND = 16 * 1024
"""A transfer that is slower on the whole is given up, so that it holds up no other; the next order resumes it."""


class Fetcher:
    """The node's transfers. `progress` holds the newest of each configuration until its bytes are published."""

    def __init__(self, store: ModelStore, client: httpx.AsyncClient, silence_seconds: float = SILENCE_SECONDS) -> None:
        self._store, self._client, self._silence_seconds = store, client, silence_seconds
        self._slots = asyncio.Semaphore(CONCURRENT_FETCHES)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.progress: dict[str, FetchProgress] = {}

    async def start(self, configuration: str, order: ModelOrder) -> None:
        """Begin a transfer, unless it is under way; one of a lower version is given up. VersionRefusedError for a lower order."""
        running, task = self.progress.get(configuration), self._tasks.get(configuration)
        if task is not None and not task.done() and running is not None:
            if (running.version, running.digest) == (order.version, order.digest):
                return
            if running.version >= order.version:
                raise VersionRefusedError(
                    f"version {running.version} of {configuration} is being fetched; give a higher one"
                )
            task.cancel()
        self.progress[configuration] = progress = FetchProgress(
            version=order.version, digest=order.digest, size=order.size, bytes_done=0
        )
        self._tasks[configuration] = asyncio.create_task(self._run(configuration, order, progress, task))

    async def close(self) -> None:
        """Give up what is under way; the parts stay for a resume."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _run(
        self, configuration: str, order: ModelOrder, progress: FetchProgress, previous: asyncio.Task[None] | None
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        try:
            async with self._slots:
                await self._fetch(configuration, order, progress)
        except (StoreError, OSError, httpx.HTTPError) as error:
            progress.error = storable(str(error) or repr(error), LONGEST_REASON)
            _log.warning("fetch failed", configuration=configuration, digest=order.digest, error=progress.error)
            return
        if self.progress.get(configuration) is progress:
            del self.progress[configuration]
        _log.info("published", configuration=configuration, version=order.version, digest=order.digest)

    async def _fetch(self, configuration: str, order: ModelOrder, progress: FetchProgress) -> None:
        part = self._store.part(configuration, order.digest)
        try:
            await asyncio.to_thread(part.take_up)
            await self._fill(part, order, progress)
            await asyncio.to_thread(self._store.publish, configuration, order.version, order.digest, part)
        finally:
            part.close()

    async def _fill(self, part: Part, order: ModelOrder, progress: FetchProgress) -> None:
        if part.size > order.size:
            part.restart()
        progress.bytes_done = part.size
        if part.size == order.size:
            return
        await asyncio.to_thread(self._store.require_space, order.size - part.size)
        seconds = 2 * self._silence_seconds + (order.size - part.size) / SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout(seconds):
                await self._stream(part, order, progress)
        except TimeoutError:
            raise StoreError(f"the transfer was not complete after {seconds:.0f} s; it is resumed from there") from None
        if part.size != order.size:
            raise StoreError(f"the transfer ended after {part.size} of {order.size} bytes; it is resumed from there")

    async def _stream(self, part: Part, order: ModelOrder, progress: FetchProgress) -> None:
        headers, limits = {"Range": f"bytes={part.size}-"}, bounded(None, seconds=self._silence_seconds)
        silence = httpx.Timeout(self._silence_seconds)
        request = self._client.stream("GET", order.source, headers=headers, timeout=silence, extensions=limits)
        async with request as answer:
            if answer.status_code not in (200, 206):
                raise StoreError(f"GET {order.source} answered {answer.status_code}")
            if answer.status_code == 200:
                part.restart()
            async for chunk in answer.aiter_raw(CHUNK):
                if part.size + len(chunk) > order.size:
                    await asyncio.to_thread(part.discard)
                    raise StoreError(f"GET {order.source} sent more than the {order.size} bytes of the order")
                await asyncio.to_thread(part.write, chunk)
                progress.bytes_done = part.size
