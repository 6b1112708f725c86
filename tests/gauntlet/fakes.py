"""The neighbours of the background work without a database, a process or a network.

Evaluations in memory move by their own rules (evaluation.py), so that what is shown with them holds for recorded ones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from play.record import PlayedGame
from services.gauntlet import evidence
from services.gauntlet.errors import LeaseLostError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.feedback_loop import seed_of
from services.gauntlet.lease import Lease
from services.gauntlet.policies import PolicyUnknownError
from services.gauntlet.records import Begun, Claimed
from services.gauntlet.worker.executor import WorkerLostError
from services.gauntlet.worker.job import Job, Task, WorkerMessage
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState, FailureCode
from shared.storage.artifacts import Artifact

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "0" * 64
POLICY = GatePolicy(games=4)
ARTIFACT = Artifact(DIGEST, 7, Path("a"))
MODEL = ModelMetadata(architecture="mlp", parameters=3)
EVIDENCE = Evidence(
    seed=42, policy_id=POLICY.id, gates=POLICY, play=PlayPolicy(), opponents=[], duration_seconds=0, cpu_seconds=0
)
PREVIOUS = CanonicalReference(version=3, digest="1" * 64)


def received(**changed: Any) -> Evaluation:
    """A new evaluation, of a model file."""
    base = Evaluation(
        id=uuid4(), configuration=Configuration("hex8", 2), reason="training", requested_at=NOW, seen_at=NOW,
        play=PlayPolicy(), model_path="models/a.pth",
    )  # fmt: skip
    return replace(base, **changed)


def queued(**changed: Any) -> Evaluation:
    """An evaluation that waits to be played."""
    ready = received(gates=POLICY, policy_id=POLICY.id).taken_in(ARTIFACT, 42)
    return replace(ready, **changed)


def running(**changed: Any) -> tuple[Evaluation, Lease]:
    """An evaluation that is played, and the lease that it is played under."""
    waiting = queued(**changed)
    lease = Lease.new(waiting.id, 10.0)
    return waiting.claimed(lease), lease


@dataclass
class FakeEvaluations:
    """Evaluations in memory. `now`: its clock; `ends` and `starts`: the events that were emitted; `beat`: set by a heartbeat,
    which raises `beat_fails`; `claimed_before`: what a runner goes on with after a long pause."""

    rows: dict[UUID, Evaluation] = field(default_factory=dict)
    games: dict[UUID, list[PlayedGame]] = field(default_factory=dict)
    starts: list[UUID] = field(default_factory=list)
    ends: list[UUID] = field(default_factory=list)
    now: datetime = NOW
    lease_seconds: float = 0.02
    most_attempts: int = 3
    beat: asyncio.Event = field(default_factory=asyncio.Event)
    beat_fails: Exception | None = None
    claimed_before: list[Claimed] = field(default_factory=list)

    def add(self, evaluation: Evaluation) -> Evaluation:
        """Record an evaluation as it is."""
        self.rows[evaluation.id] = evaluation
        return evaluation

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.now += timedelta(seconds=seconds)

    def save(self, moved: Evaluation) -> Evaluation:
        """Write a move, and note the event of an end."""
        assert moved.revision == self.rows[moved.id].revision + 1, "not the next revision"
        assert not self.rows[moved.id].has_ended, "an ended evaluation changed"
        if moved.has_ended:
            self.ends.append(moved.id)
        return self.add(moved)

    async def changes(self, sweep: float) -> AsyncIterator[None]:
        """One change, and no more: the loops of tests end."""
        yield

    async def without_model(self) -> list[Evaluation]:
        return [each for each in self._received() if each.digest is None]

    async def without_policy(self) -> list[Evaluation]:
        return [each for each in self._received() if each.digest is not None]

    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None:
        now = self.read(evaluation_id)
        self.save(now.taken_in(artifact, seed_of(now.configuration, artifact.digest)))

    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None:
        self.save(self.read(evaluation_id).ruled_by(policy))

    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None:
        self.save(self.read(evaluation_id).rejected(code, reason))

    async def stalled(self, evaluation_id: UUID, trouble: str) -> None:
        stalled = self.read(evaluation_id).stalled(trouble)
        if stalled != self.read(evaluation_id):
            self.save(stalled)

    async def claim(self) -> Claimed | None:
        if self.claimed_before:
            return self.claimed_before.pop()
        for each in map(self.read, self.rows):
            lease = Lease.new(each.id, self.lease_seconds)
            if each.state is EvaluationState.QUEUED or each.is_silent(lease):
                return Claimed(self.save(each.claimed(lease)), lease)
        return None

    async def begin(self, lease: Lease) -> Begun:
        now = self._held(lease)
        if now.started_at is None:
            now = self.save(now.begun(lease, None))
            self.starts.append(now.id)
        return Begun(now, list(self.games.get(now.id, [])))

    async def keep(self, lease: Lease) -> bool:
        self.beat.set()
        if self.beat_fails is not None:
            raise self.beat_fails
        return self.read(lease.evaluation_id).lease_owner == lease.owner

    async def described(self, lease: Lease, model: ModelMetadata) -> None:
        self.save(self._held(lease).described(lease, model))

    async def played(self, lease: Lease, games: Sequence[PlayedGame]) -> None:
        self.save(self._held(lease).progressed(lease))
        self.games.setdefault(lease.evaluation_id, []).extend(games)

    async def completed(self, lease: Lease, cpu_seconds: float) -> None:
        now = self._held(lease)
        self.save(now.completed(lease, evidence.assemble(now, [], cpu_seconds)))

    async def failed(self, lease: Lease, code: FailureCode, reason: str) -> None:
        self.save(self._held(lease).failed(lease, code, reason))

    async def worker_lost(self, lease: Lease, reason: str) -> None:
        self.save(self._held(lease).worker_lost(lease, reason, self.most_attempts))

    async def released(self, lease: Lease) -> None:
        self.save(self._held(lease).released(lease, counted=False))

    def read(self, evaluation_id: UUID) -> Evaluation:
        """An evaluation, seen now."""
        return replace(self.rows[evaluation_id], seen_at=self.now)

    def _received(self) -> list[Evaluation]:
        return [self.read(each.id) for each in self.rows.values() if each.state is EvaluationState.RECEIVED]

    def _held(self, lease: Lease) -> Evaluation:
        now = self.read(lease.evaluation_id)
        if now.lease_owner != lease.owner:
            raise LeaseLostError
        return now


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

    async def messages(self, job: Task) -> AsyncIterator[WorkerMessage]:
        assert isinstance(job, Job)
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
    """Knows one policy, or has the trouble to say so."""

    known: GatePolicy | None = None
    trouble: PolicyUnknownError = field(default_factory=lambda: PolicyUnknownError("no policy today"))
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy:
        self.asked.append((str(configuration), games))
        if self.known is None:
            raise self.trouble
        return self.known
