"""The runner's neighbours without a database, a process or a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet.errors import LeaseLostError
from services.gauntlet.evaluation import Claimed, Evaluation, Lease
from services.gauntlet.policies import PolicyUnknownError
from services.gauntlet.worker.executor import WorkerLostError
from services.gauntlet.worker.job import Job, WorkerMessage
from shared.contract.configuration import Configuration
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import Artifact


@dataclass
class FakeEvaluations:
    """Evaluations in memory, with what happened to them in `log`. `lease_holds` is False once somebody else has the lease."""

    waiting: list[Evaluation] = field(default_factory=list)
    played: list[PlayedGame] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)
    lease_holds: bool = True
    extended: asyncio.Event = field(default_factory=asyncio.Event)
    extension: BaseException | None = None

    async def changes(self, seconds: float) -> AsyncIterator[None]:
        yield

    async def received(self) -> list[Evaluation]:
        return [each for each in self.waiting if each.state is EvaluationState.RECEIVED]

    async def wait_for(self, evaluation_id: UUID, what: str) -> None:
        self.log.append(("waits", what))

    async def take_in(self, evaluation: Evaluation, artifact: Artifact, policy: GatePolicy) -> None:
        self.log.append(("taken in", artifact.digest, policy))

    async def refuse(self, evaluation_id: UUID, code: str, reason: str) -> None:
        self.log.append(("refused", code, reason))

    async def claim(self, lease_seconds: float) -> Claimed | None:
        if not self.waiting:
            return None
        evaluation = self.waiting.pop(0)
        claimed = replace(evaluation, state=EvaluationState.RUNNING, attempts=evaluation.attempts + 1)
        return Claimed(claimed, Lease(evaluation.id, Lease.new_owner(), lease_seconds))

    async def begin(self, claimed: Claimed) -> tuple[Evaluation, list[PlayedGame]]:
        self.log.append(("begun",))
        return claimed.evaluation, self.played

    async def extend(self, lease: Lease) -> bool:
        self.extended.set()
        if self.extension is not None:
            raise self.extension
        return self.lease_holds

    async def record_model(self, lease: Lease, model: ModelMetadata) -> None:
        self._write("model", model.architecture)

    async def record_games(self, lease: Lease, games: list[PlayedGame]) -> None:
        self._write("games", len(games))

    async def complete(self, lease: Lease, cpu_seconds: float) -> None:
        self._write("completed", cpu_seconds)

    async def fail(self, lease: Lease, code: str, reason: str) -> None:
        self._write("failed", code, reason)

    async def worker_lost(self, lease: Lease, attempts: int, reason: str) -> None:
        self.log.append(("worker lost", attempts, reason))

    async def give_back(self, lease: Lease) -> None:
        self.log.append(("given back",))

    def _write(self, *what: Any) -> None:
        if not self.lease_holds:
            raise LeaseLostError
        self.log.append(what)


@dataclass
class FakeWorker:
    """Says what it was told to, then ends well, dies (`dies`), or goes on until it is killed (`endless`)."""

    says: Sequence[WorkerMessage] = ()
    dies: str | None = None
    endless: bool = False
    pid: int = 7
    jobs: list[Job] = field(default_factory=list)
    working: asyncio.Event = field(default_factory=asyncio.Event)
    killed: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: bool = False

    async def messages(self, job: Job) -> AsyncIterator[WorkerMessage]:
        self.jobs.append(job)
        for message in self.says:
            yield message
        self.working.set()
        if self.endless:
            await self.killed.wait()
            raise WorkerLostError("killed")
        if self.dies is not None:
            raise WorkerLostError(self.dies)

    def kill(self) -> None:
        self.killed.set()

    async def stop(self) -> None:
        self.stopped = True


@dataclass
class FakeExecutor:
    """Hands out workers in order."""

    workers: list[FakeWorker]
    started: int = 0

    async def start(self) -> FakeWorker:
        self.started += 1
        return self.workers[self.started - 1]


@dataclass
class FakePolicies:
    """Knows one policy, or none."""

    known: GatePolicy | None = None
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy:
        self.asked.append((str(configuration), games))
        if self.known is None:
            raise PolicyUnknownError("promotion is away")
        return self.known
