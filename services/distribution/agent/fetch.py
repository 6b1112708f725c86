"""Transfers: one for each configuration at a time, published once their bytes are verified. How they come, a transport knows."""

from __future__ import annotations

import asyncio

import httpx
from prometheus_client import Counter

from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder
from services.distribution.agent.store import ModelStore, StoreError, VersionRefusedError
from services.distribution.agent.transport import Transport
from shared.contract.words import LONGEST_REASON, storable
from shared.process.logs import get_logger
from shared.process.traces import span

RECEIVED = Counter("ringrift_agent_received_bytes", "Bytes of models that arrived", ["source"])
for _source in ("peers", "service"):
    RECEIVED.labels(_source)
_log = get_logger(__name__)
CONCURRENT_FETCHES = 2


class Fetcher:
    """The node's transfers. `progress` holds the newest of each configuration until its bytes are published, `fetched`
    after that."""

    def __init__(self, store: ModelStore, transport: Transport) -> None:
        self._store, self._transport = store, transport
        self._slots = asyncio.Semaphore(CONCURRENT_FETCHES)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.progress: dict[str, FetchProgress] = {}
        self.fetched: dict[str, FetchProgress] = {}
        self.places: dict[str, str] = {}
        """Where in which trace the newest transfer of a configuration stands."""
        self.published = asyncio.Event()
        """Set whenever a model got its place; cleared by whoever waits for it."""

    async def start(self, configuration: str, order: ModelOrder) -> None:
        """Begin a transfer, unless it is under way; one of a lower version is given up. VersionRefusedError for a lower order."""
        running, task = self.progress.get(configuration), self._tasks.get(configuration)
        if task is not None and not task.done() and running is not None:
            if (running.epoch, running.version, running.digest) == (order.epoch, order.version, order.digest):
                return
            if (running.epoch, running.version) >= (order.epoch, order.version):
                raise VersionRefusedError(
                    f"version {running.version} of {configuration} is being fetched; give a higher one"
                )
            task.cancel()
        self.progress[configuration] = progress = FetchProgress(
            version=order.version, digest=order.digest, size=order.size, bytes_done=0, epoch=order.epoch
        )
        self._tasks[configuration] = asyncio.create_task(self._run(configuration, order, progress, task))

    async def close(self) -> None:
        """Give up what is under way; the parts stay for a resume."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._transport.close()

    async def _run(
        self, configuration: str, order: ModelOrder, progress: FetchProgress, previous: asyncio.Task[None] | None
    ) -> None:
        if previous is not None:
            await asyncio.wait([previous])
        try:
            with span("fetch", configuration=configuration) as fetching:
                self.places[configuration] = fetching.place
                async with self._slots:
                    await self._fetch(configuration, order, progress)
        except (StoreError, OSError, httpx.HTTPError) as error:
            progress.error = storable(str(error) or repr(error), LONGEST_REASON)
            _log.warning("fetch failed", configuration=configuration, digest=order.digest, error=progress.error)
            return
        if self.progress.get(configuration) is progress:
            self.fetched[configuration] = self.progress.pop(configuration)
        self.published.set()
        _log.info("published", configuration=configuration, version=order.version, digest=order.digest)

    async def _fetch(self, configuration: str, order: ModelOrder, progress: FetchProgress) -> None:
        part = self._store.part(configuration, order.digest)
        try:
            await asyncio.to_thread(part.take_up)
            await self._fill(part, order, progress)
            await asyncio.to_thread(self._store.publish, configuration, order.version, order.digest, part, order.epoch)
            await self._transport.retain(
                {model.digest for model in (await asyncio.to_thread(self._store.models)).values()}
            )
        finally:
            part.close()

    async def _fill(self, part: Part, order: ModelOrder, progress: FetchProgress) -> None:
        if part.size > order.size:
            part.restart()
        progress.bytes_done = part.size
        if part.size < order.size:
            await asyncio.to_thread(self._store.require_space, order.size - part.size)
            try:
                await self._transport.fetch(order, part, progress)
            finally:
                RECEIVED.labels("peers").inc(progress.from_peers)
                RECEIVED.labels("service").inc(progress.from_service)
