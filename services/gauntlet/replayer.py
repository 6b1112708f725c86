"""Has recorded games told move by move, by a process of its own that stays warm while people look at games, one game at a time.

A recorded game is never another one, so the last ones are kept as they were told.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet.errors import BusyError, NotTellableError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.executor import Executor, WorkerLostError
from services.gauntlet.worker.job import JobFailed, Replayed, ReplayJob
from services.gauntlet.worker.resident import ResidentWorker

LONGEST_SECONDS = 60.0
IDLE_SECONDS = 120.0
"""After so long without a game to tell the process is ended."""
MOST_WAITING = 8
MOST_KEPT_BYTES = 16 * 1024 * 1024
Place = tuple[UUID, str, int, str]


class Replayer:
    """`bound`: what gives up a game that is not told in time."""

    def __init__(
        self,
        executor: Executor,
        bound: Callable[[], AbstractAsyncContextManager[object]] = lambda: asyncio.timeout(LONGEST_SECONDS),
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._resident, self._bound, self._idle_seconds = ResidentWorker(executor), bound, idle_seconds
        self._turn, self._used, self._waiting = asyncio.Lock(), asyncio.Event(), 0
        self._kept: OrderedDict[Place, bytes] = OrderedDict()

    async def run(self) -> None:
        """End the process whenever nobody has looked at a game for a while, and in the end."""
        async with self._resident:
            while True:
                await self._used.wait()
                self._used.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._idle_seconds):
                        await self._used.wait()
                        continue
                async with self._turn:
                    await self._resident.end()

    async def replay(self, evaluation: Evaluation, played: PlayedGame) -> bytes:
        """The game as JSON. BusyError while too many wait, NotTellableError if it cannot be told here."""
        place = (evaluation.id, played.opponent, played.index, played.moves)
        if place not in self._kept:
            if self._waiting >= MOST_WAITING:
                raise BusyError(f"{MOST_WAITING} games wait to be told")
            self._waiting += 1
            try:
                async with self._turn:
                    if place not in self._kept:
                        self._keep(place, await self._told(evaluation, played))
            finally:
                self._waiting -= 1
        self._kept.move_to_end(place)
        return self._kept[place]

    async def _told(self, evaluation: Evaluation, played: PlayedGame) -> bytes:
        try:
            async with self._bound():
                return await self._asked(evaluation, played)
        except (TimeoutError, WorkerLostError) as error:
            await self._resident.end()
            raise NotTellableError(str(error) or f"it takes longer than {LONGEST_SECONDS:g} seconds") from None
        except BaseException:
            await self._resident.end()  # it would answer the next question with what it still says of this one
            raise

    async def _asked(self, evaluation: Evaluation, played: PlayedGame) -> bytes:
        self._used.set()
        worker, at = await self._resident.ready(), evaluation.configuration
        job = ReplayJob(
            board_type=at.board_type, num_players=at.num_players, profile=evaluation.play.rules_profile, played=played
        )
        async for message in worker.messages(job):
            match message:
                case Replayed(replay=replay):
                    return replay.model_dump_json().encode()
                case JobFailed(reason=reason):
                    raise NotTellableError(reason)
        raise WorkerLostError("the worker said nothing of the game")

    def _keep(self, place: Place, told: bytes) -> None:
        self._kept[place] = told
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > MOST_KEPT_BYTES:
            self._kept.popitem(last=False)
