"""Keeps workers that wait for work, and serves many of them in one go; a work source for the workers of this process.

What work there is and who gets it is the use cases' (service/work.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from services.gauntlet import figures
from services.gauntlet.backlog import Backlogged, total
from services.gauntlet.errors import ClaimOverError
from services.gauntlet.records import WorkRecords
from services.gauntlet.together import Together
from services.gauntlet.worker.work import Work, WorkAnswer, WorkFailure, WorkReport, WorkWish
from shared.process.tasks import to_the_end

SWEEP_SECONDS, REST_SECONDS = 1.0, 0.02
MEASURE_SECONDS = 5.0


@dataclass
class _Waiting:
    """A worker that waits."""

    wish: WorkWish
    work: asyncio.Future[Work] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    was_served: bool = False


class Dispatcher:
    """The workers that wait, first come, first served."""

    def __init__(self, records: WorkRecords) -> None:
        self._records = records
        self._waiting: list[_Waiting] = []
        self._serving = asyncio.Lock()
        self._signs_of_life = Together(records.keep)
        self._news = asyncio.Event()
        self._is_exhausted = False

    async def claim(self, wish: WorkWish) -> Work | None:
        """Work for a worker, once there is some; None if there was none for as long as it waits."""
        async with self._queued(wish) as waiting:
            if not await self._served_now(waiting) and wish.wait_seconds > 0:
                await asyncio.wait([waiting.work], timeout=wish.wait_seconds)
            return waiting.work.result() if waiting.work.done() else None

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        """As `WorkService.report`; signs of life of many workers are kept together."""
        if report == WorkReport():
            answer = await self._signs_of_life.ask(claim_id)
            if answer is None:
                raise ClaimOverError(f"there is no claim {claim_id} any more")
            return answer
        answer = await self._records.report(claim_id, report)
        self._news.set()
        return answer

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        """As `WorkService.fail`."""
        await self._records.fail(claim_id, failure)

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        """As `WorkService.give_back`."""
        await self._records.give_back(claim_id, reason)

    async def backlog(self) -> list[Backlogged]:
        """As `WorkService.backlog`."""
        return await self._records.backlog()

    @property
    def waiting_workers(self) -> int:
        """Workers that wait for work at this service."""
        return len(self._waiting)

    async def run(self) -> None:
        """Serve those who wait whenever something may have changed, for ever."""
        async for _ in self._records.changes(SWEEP_SECONDS):
            await self._look()

    async def follow_reports(self) -> None:
        """Serve those who wait after reports, which are many and change little: at most half of the time, for ever."""
        clock = asyncio.get_running_loop()
        while True:
            await self._news.wait()
            since = clock.time()
            await self._look()
            await asyncio.sleep(max(clock.time() - since, REST_SECONDS))

    async def end_overdue(self) -> None:
        """End what has been played for too long, for ever."""
        while True:
            await self._records.end_overdue()
            await asyncio.sleep(SWEEP_SECONDS)

    async def measure(self) -> None:
        """Keep the figures of what is left to play, for ever."""
        while True:
            left, standing = total(await self._records.backlog()), await self._records.standing()
            figures.note_standing(left, standing, len(self._waiting))
            await asyncio.sleep(MEASURE_SECONDS)

    async def _served_now(self, waiting: _Waiting) -> bool:
        """Whether there is work at once: asked for together with all who came in the meantime. Who may wait
        does, where there was too little for those before."""
        async with self._serving:
            waits = self._is_exhausted and waiting.wish.wait_seconds > 0
            if not waiting.was_served and not waits:
                await self._serve()
        return waiting.work.done()

    async def _look(self) -> None:
        async with self._serving:
            await self._serve()

    async def _serve(self) -> None:
        self._news.clear()
        self._is_exhausted = False
        asking = list(self._waiting)
        for each in asking:
            each.was_served = True
        if not asking:
            return
        found = await self._records.claim([each.wish for each in asking])
        self._is_exhausted = None in found
        for each, work in zip(asking, found, strict=True):
            if work is None:
                continue
            if each in self._waiting:
                self._waiting.remove(each)
                each.work.set_result(work)
            else:
                await self._records.give_back(work.claim_id)

    @asynccontextmanager
    async def _queued(self, wish: WorkWish) -> AsyncIterator[_Waiting]:
        """In the queue while the block lasts; work for a worker that goes away is given back."""
        waiting = _Waiting(wish)
        self._waiting.append(waiting)
        try:
            yield waiting
        except asyncio.CancelledError:
            if waiting.work.done():
                await to_the_end(self._records.give_back(waiting.work.result().claim_id))
            raise
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
