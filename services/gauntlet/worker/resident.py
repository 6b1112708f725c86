"""The process of a worker from claim to claim: started when there is work, kept warm, replaced when it has grown or grown old."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from services.gauntlet.worker.executor import Executor, Worker
from shared.process.tasks import to_the_end

MOST_JOBS = 1000
MOST_GROWTH = 1 << 30
"""Bytes that the process may have grown by since its first job."""


class ResidentWorker:
    """The worker of a loop, if it runs."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._worker: Worker | None = None
        self._jobs, self._first_bytes, self._bytes = 0, 0, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def ready(self) -> Worker:
        """The worker, started now if there is none, or the last one has died or served its time."""
        if self._worker is not None and (self._worker.has_ended or self._has_served()):
            await self.end()
        if self._worker is None:
            self._worker = await self._executor.start()
            self._jobs, self._first_bytes, self._bytes = 0, 0, 0
        return self._worker

    def used(self, peak_bytes: int) -> None:
        """It has done a job, and had so much memory at most."""
        self._jobs += 1
        self._bytes = peak_bytes
        self._first_bytes = self._first_bytes or peak_bytes

    def _has_served(self) -> bool:
        return self._jobs >= MOST_JOBS or self._bytes - self._first_bytes > MOST_GROWTH

    async def end(self) -> None:
        """End the process, if it runs."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await to_the_end(worker.stop())
