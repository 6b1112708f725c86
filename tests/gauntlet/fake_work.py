"""The neighbours of those who hand out games and play them, without a database, a process, a network or a game."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast
from uuid import UUID

import numpy as np

from play.models.model_file import ModelFile
from play.record import PlayedGame, encode_rows
from play.schedule import plan_games
from services.gauntlet.backlog import Backlogged, Standing
from services.gauntlet.course import Blocks
from services.gauntlet.worker.executor import WorkerLostError
from services.gauntlet.worker.job import Job, JobDone, Task, WorkerMessage
from services.gauntlet.worker.work import ModelReference, Work, WorkAnswer, WorkFailure, WorkReport, WorkWish
from shared.contract.policy import PlayPolicy
from shared.contract.words import OpponentName, Outcome
from tests.gauntlet.fakes import DIGEST, POLICY, SEED

ONE_MOVE = encode_rows([np.zeros(4, np.int16)])
FIRST_BLOCKS = Blocks("random", 0, 4)
DONE = JobDone(cpu_seconds=1.5, forward_seconds=1.0, surplus_games=2, peak_bytes=1 << 20)
WAITS = object()


def game(index: int, opponent: OpponentName = "random", units: int | None = 2, **changed: object) -> PlayedGame:
    """A game of `running`'s schedule, with this score."""
    outcome: Outcome = "truncated" if units is None else ("loss", "draw", "win")[units]
    plan = plan_games(SEED, opponent, index + 1, 2)[index]
    played = PlayedGame(
        **asdict(plan), outcome=outcome, units=units, decisions=1, network_evaluations=4, moves=ONE_MOVE
    )
    return played.model_copy(update=changed)


def games(number: int, first: int = 0, opponent: OpponentName = "random", units: int | None = 2) -> list[PlayedGame]:
    """Games that follow each other in the schedule."""
    return [game(index, opponent, units) for index in range(first, first + number)]


def work(number: int = 0, blocks: Blocks | None = FIRST_BLOCKS, **changed: object) -> Work:
    """A claim of `running`'s games, the one of this number."""
    said = Work(
        claim_id=UUID(int=number), evaluation_id=UUID(int=1), board_type="hex8", num_players=2,
        candidate=ModelReference(digest=DIGEST, name="models/a.pth"), gates=POLICY, play=PlayPolicy(), seed=SEED,
        **(blocks._asdict() if blocks else {}),
        report_seconds=10, move_seconds=60, game_seconds=600, most_model_bytes=1 << 30,
    )  # fmt: skip
    return said.model_copy(update=changed)


@dataclass
class FakeRecords:
    """What work there is, for the dispatcher. `ready`: handed out in order, `at_once` of it to each question; `questions`: of how
    many workers each was; `kept`: claims whose signs of life came together; `gone`: those that there are not any more; `hold`: what
    a question waits for; `changed`: set when something may have changed."""

    ready: list[Work] = field(default_factory=list)
    questions: list[int] = field(default_factory=list)
    given_back: list[UUID] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    said: list[tuple[UUID, object]] = field(default_factory=list)
    kept: list[list[UUID]] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    hold: asyncio.Event | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    trouble: Exception | None = None
    sweeps: int = 0

    async def changes(self, sweep: float) -> AsyncIterator[None]:
        while True:
            yield
            await self.changed.wait()
            self.changed.clear()

    async def claim(self, wishes: Sequence[WorkWish]) -> list[Work | None]:
        self.questions.append(len(wishes))
        self.asked.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        found, self.ready = self.ready[: len(wishes)], self.ready[len(wishes) :]
        return [*found, *(None for _ in wishes[len(found) :])]

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        self.said.append((claim_id, report))
        return WorkAnswer(alive=True, report_seconds=10)

    async def keep(self, claim_ids: Sequence[UUID]) -> list[WorkAnswer | None]:
        self.kept.append(list(claim_ids))
        if self.hold is not None:
            await self.hold.wait()
        return [None if each in self.gone else WorkAnswer(alive=True, report_seconds=10) for each in claim_ids]

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        self.said.append((claim_id, failure))

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        self.given_back.append(claim_id)
        self.reasons.append(reason)

    async def end_overdue(self) -> None:
        self.sweeps += 1

    async def backlog(self) -> list[Backlogged]:
        return []

    async def standing(self) -> Standing:
        return Standing(0, 1, 0)


@dataclass
class FakeSource:
    """Where a worker has its work from. `waiting`: what is claimed, one after the other; `away_for`: so many
    reports are not heard; `answers`: to those that are, `alive` when there are none left; `hold`: what a report waits for."""

    waiting: list[Work] = field(default_factory=list)
    reports: list[tuple[UUID, WorkReport]] = field(default_factory=list)
    failures: list[tuple[UUID, WorkFailure]] = field(default_factory=list)
    given_back: list[UUID] = field(default_factory=list)
    reasons: list[str | None] = field(default_factory=list)
    unwanted: list[UUID] = field(default_factory=list)
    tried: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)
    away_for: int = 0
    answers: list[bool | Exception] = field(default_factory=list)
    report_seconds: float = 10
    hold: asyncio.Event | None = None
    wishes: list[WorkWish] = field(default_factory=list)
    none_left: asyncio.Event = field(default_factory=asyncio.Event)
    no_work: Exception | None = None

    async def claim(self, wish: WorkWish) -> Work | None:
        self.wishes.append(wish)
        if self.no_work is not None:
            trouble, self.no_work = self.no_work, None
            raise trouble
        if self.waiting:
            return self.waiting.pop(0)
        self.none_left.set()
        await asyncio.Event().wait()
        return None

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        self.tried += 1
        self.told.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.away_for > 0:
            self.away_for -= 1
            raise OSError("away")
        self.reports.append((claim_id, report))
        alive = self.answers.pop(0) if self.answers else not report.done
        if isinstance(alive, Exception):
            raise alive
        if not alive:
            self.unwanted.append(claim_id)
        return WorkAnswer(alive=alive, report_seconds=self.report_seconds)

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        self.failures.append((claim_id, failure))

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        self.given_back.append(claim_id)
        self.reasons.append(reason)

    @property
    def games(self) -> list[PlayedGame]:
        """Every game that was reported."""
        return [each for _, report in self.reports for each in report.games]


@dataclass
class FakeModels:
    """Every model lies where its digest says. `trouble`: why none can be had just now; `folder`: where they lie."""

    trouble: Exception | None = None
    folder: Path = Path()

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        return ModelFile(path=self.folder / reference.digest, name=reference.name, most_bytes=most_bytes)


@dataclass
class FakeWorker:
    """Says of each job what it was told to, in order, and raises exceptions. `WAITS`: it goes on until it is told to stop, and then
    says that it is done; until it is killed, if it is `deaf`."""

    says: list[Sequence[object]] = field(default_factory=list)
    deaf: bool = False
    pid: int = 7
    has_ended: bool = False
    jobs: list[Job] = field(default_factory=list)
    interrupts: list[UUID] = field(default_factory=list)
    working: asyncio.Event = field(default_factory=asyncio.Event)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: bool = False

    async def messages(self, task: Task) -> AsyncIterator[WorkerMessage]:
        assert isinstance(task, Job)
        self.jobs.append(task)
        for said in self.says.pop(0):
            if isinstance(said, Exception):
                raise said
            if said is WAITS:
                yield await self._wait(task.work.claim_id)
            else:
                yield cast(WorkerMessage, said)

    def interrupt(self, claim_id: UUID) -> None:
        self.interrupts.append(claim_id)
        self.told.set()

    def kill(self) -> None:
        self.killed.set()
        self.told.set()

    async def stop(self) -> None:
        self.stopped = True

    async def _wait(self, claim_id: UUID) -> WorkerMessage:
        self.working.set()
        while not self.killed.is_set() and (self.deaf or claim_id not in self.interrupts):
            self.told.clear()
            await self.told.wait()
        if self.killed.is_set():
            raise WorkerLostError("killed")
        return DONE


@dataclass
class FakeExecutor:
    """Hands out workers in order."""

    workers: list[FakeWorker]
    started: int = 0

    async def start(self) -> FakeWorker:
        self.started += 1
        return self.workers[self.started - 1]
