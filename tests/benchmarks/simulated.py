"""Simulated workers: the real loop, over HTTP, whose process waits where another plays; all of them in the measuring process.

What they report was not played. A game takes a fixed time, and a strong candidate wins most of them.
"""

from __future__ import annotations

import asyncio
import base64
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from play.models.model_file import ModelFile
from play.record import PlayedGame
from play.schedule import PlannedGame, plan_games
from services.gauntlet.worker.gauntlet import Match
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, ModelLoaded, Task, WorkerMessage
from services.gauntlet.worker.remote import RemoteWork
from services.gauntlet.worker.work import ModelReference, Work, WorkAnswer, WorkReport, WorkWish
from shared.contract.evidence import ModelMetadata
from shared.contract.words import OpponentName

DECISIONS, WIN_RATE = 40, 0.93
MODEL = ModelMetadata(architecture="resnet", parameters=89_434)


class Span(NamedTuple):
    """Seconds of the measuring process's clock."""

    begun: float
    ended: float

    def within(self, other: Span) -> float:
        """How many of them fall into another span."""
        return max(min(self.ended, other.ended) - max(self.begun, other.begun), 0.0)


@dataclass
class Measured:
    """What the workers did. `blocks`: by evaluation, opponent and first game, all times that it was played; `in_vain`: what was
    begun and stopped; `claims`: from asking for work to having it; `reports`: from telling to the answer."""

    blocks: dict[tuple[UUID, OpponentName, int], list[Span]] = field(default_factory=dict)
    in_vain: list[Span] = field(default_factory=list)
    claims: list[Span] = field(default_factory=list)
    reports: list[Span] = field(default_factory=list)
    first_claims: dict[UUID, float] = field(default_factory=dict)


class TimedWork(RemoteWork):
    """A service's work, whose answers are timed."""

    measured: Measured

    async def claim(self, wish: WorkWish) -> Work | None:
        """As `WorkSource.claim`."""
        asked = time.perf_counter()
        work = await super().claim(wish)
        if work is not None:
            self.measured.claims.append(Span(asked, now := time.perf_counter()))
            self.measured.first_claims.setdefault(work.evaluation_id, now)
        return work

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        """As `WorkSource.report`."""
        asked = time.perf_counter()
        answer = await super().report(claim_id, report)
        self.measured.reports.append(Span(asked, time.perf_counter()))
        return answer


class NoModels:
    """The files of models, which nobody opens."""

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        """As `ModelSource.file`."""
        return ModelFile(path=Path(reference.digest), name=reference.name, most_bytes=most_bytes)


@dataclass
class Waits:
    """A worker process that waits for as long as a game takes, one game after the other; and the executor that starts it."""

    game_seconds: float
    measured: Measured
    pid: int = 0
    has_ended: bool = False
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _claim: UUID | None = None

    async def start(self) -> Waits:
        """As `Executor.start`."""
        return self

    async def messages(self, task: Task) -> AsyncIterator[WorkerMessage]:
        """As `Worker.messages`."""
        assert isinstance(task, Job)
        work, games = task.work, 0
        assert work.opponent is not None
        self._claim = work.claim_id
        self._stopped.clear()
        yield ModelLoaded(model=MODEL, confinement="full")
        match = Match(work, work.opponent)
        for block in blocks_of(work):
            if not await self._played(work, block):
                break
            games += len(block)
            yield GamesPlayed(games=match.take([result(each) for each in block]), cpu_seconds=games * self.game_seconds)
            if match.is_decided:
                break
        yield JobDone(cpu_seconds=games * self.game_seconds, forward_seconds=0, surplus_games=0, peak_bytes=1)

    async def _played(self, work: Work, block: list[PlannedGame]) -> bool:
        """Whether it was played to its end."""
        begun = time.perf_counter()
        try:
            async with asyncio.timeout(len(block) * self.game_seconds):
                await self._stopped.wait()
        except TimeoutError:
            span = Span(begun, time.perf_counter())
            self.measured.blocks.setdefault((work.evaluation_id, block[0].opponent, block[0].index), []).append(span)
            return True
        self.measured.in_vain.append(Span(begun, time.perf_counter()))
        return False

    def interrupt(self, claim_id: UUID) -> None:
        """As `Worker.interrupt`."""
        if claim_id == self._claim:
            self._stopped.set()

    def kill(self) -> None:
        """It listens when it is interrupted."""

    async def stop(self) -> None:
        """There is nothing to end."""


def blocks_of(work: Work) -> Iterator[list[PlannedGame]]:
    """The claimed blocks."""
    assert work.opponent is not None
    planned = plan_games(work.seed, work.opponent, work.first + work.games, work.num_players, work.first)
    for first in range(0, len(planned), work.num_players):
        yield planned[first : first + work.num_players]


def result(planned: PlannedGame) -> PlayedGame:
    """The same one however often it is asked for."""
    wins = random.Random(planned.seed).random() < WIN_RATE
    outcome: dict[str, Any] = {"outcome": "win", "units": 2} if wins else {"outcome": "loss", "units": 0}
    return PlayedGame(
        **asdict(planned), **outcome, decisions=DECISIONS, network_evaluations=20, moves=MOVES, engine="none"
    )


MOVES = base64.b64encode(bytes(DECISIONS * 8)).decode()
