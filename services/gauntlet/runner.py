"""Carries evaluations out: takes models in, claims what waits, has a worker play it, records what the worker says.

Whatever happens to this process or to a worker, an evaluation ends in exactly one terminal event: every change is made under
the evaluation's lease, and a silent lease is taken over. It plays nothing itself; where evaluations are kept, who plays and who
knows the policy come in as arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet.errors import LeaseLostError
from services.gauntlet.evaluation import Claimed, Evaluation, Lease
from services.gauntlet.policies import Policies, PolicyUnknownError
from services.gauntlet.worker.executor import Executor, Worker, WorkerLostError
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import FailureCode
from shared.process.logs import get_logger
from shared.storage.artifacts import Artifact, ArtifactError, ArtifactStore, ModelMissingError, resolve_inside

SWEEP_SECONDS = 1.0
_log = get_logger(__name__)


class Evaluations(Protocol):
    """Where evaluations are kept; the service says what each does. What carries a lease raises LeaseLostError without it."""

    def changes(self, seconds: float) -> AsyncIterator[None]: ...
    async def received(self) -> list[Evaluation]: ...
    async def wait_for(self, evaluation_id: UUID, what: str) -> None: ...
    async def take_in(self, evaluation: Evaluation, artifact: Artifact, policy: GatePolicy) -> None: ...
    async def refuse(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None: ...
    async def claim(self, lease_seconds: float) -> Claimed | None: ...
    async def begin(self, claimed: Claimed) -> tuple[Evaluation, list[PlayedGame]]: ...
    async def extend(self, lease: Lease) -> bool: ...
    async def record_model(self, lease: Lease, model: ModelMetadata) -> None: ...
    async def record_games(self, lease: Lease, games: list[PlayedGame]) -> None: ...
    async def complete(self, lease: Lease, cpu_seconds: float) -> None: ...
    async def fail(self, lease: Lease, code: FailureCode, reason: str) -> None: ...
    async def worker_lost(self, lease: Lease, attempts: int, reason: str) -> None: ...
    async def give_back(self, lease: Lease) -> None: ...


@dataclass(frozen=True)
class Limits:
    """What a runner may do. attempts: workers that may end in a row without recording a game; lanes: games in flight at once."""

    lease_seconds: float
    attempts: int
    lanes: int


@dataclass(frozen=True)
class EvaluationRunner:
    """The background work of the gauntlet service. `models` is the folder that announced paths are in."""

    evaluations: Evaluations
    executor: Executor
    policies: Policies
    store: ArtifactStore
    models: Path
    limits: Limits

    async def take_in(self) -> None:
        """Make announced evaluations ready to be played, for ever; what cannot be taken in has failed."""
        async for _ in self.evaluations.changes(SWEEP_SECONDS):
            for evaluation in await self.evaluations.received():
                try:
                    await self._take_in(evaluation)
                except Exception as error:  # such as a full disk: tried again, and the others are not kept waiting
                    _log.warning("not taken in yet", evaluation_id=str(evaluation.id), error=repr(error))

    async def _take_in(self, evaluation: Evaluation) -> None:
        try:
            policy = evaluation.policy or await self.policies.policy(evaluation.configuration, evaluation.games)
            artifact = await asyncio.to_thread(self._artifact, evaluation.model_path, evaluation.announced_digest)
        except PolicyUnknownError as error:
            _log.info("waits for its policy", evaluation_id=str(evaluation.id), error=str(error))
            await self.evaluations.wait_for(evaluation.id, f"the promotion service's gate policy: {error}")
        except ArtifactError as error:
            await self.evaluations.refuse(evaluation.id, error.code, str(error))
        else:
            await self.evaluations.take_in(evaluation, artifact, policy)

    def _artifact(self, model_path: str | None, digest: str | None) -> Artifact:
        if model_path is None:
            return self._stored(digest or "")
        artifact = self.store.take_in(resolve_inside(self.models, model_path))
        if artifact.size == 0:
            raise ArtifactError(
                "model_invalid", f"{model_path} is empty; a checkpoint must be written whole, then renamed"
            )
        if digest not in (None, artifact.digest):
            text = f"{model_path} has the digest {artifact.digest}, and {digest} was announced"
            raise ArtifactError("digest_mismatch", text)
        return artifact

    def _stored(self, digest: str) -> Artifact:
        artifact = self.store.find(digest)
        if artifact is None:
            raise ModelMissingError(f"the artifact store has no model {digest}; announce a model_path")
        return artifact

    async def play(self) -> None:
        """Claim and carry out one evaluation after the other, for ever."""
        async for _ in self.evaluations.changes(SWEEP_SECONDS):
            while await self.play_next():
                pass

    async def play_next(self) -> bool:
        """Claim an evaluation and try to carry it out; False if none waits."""
        claimed = await self.evaluations.claim(self.limits.lease_seconds)
        if claimed is None:
            return False
        try:
            await self._attempt(claimed)
        except LeaseLostError:
            _log.info("evaluation taken away", evaluation_id=str(claimed.lease.evaluation_id))
        except asyncio.CancelledError:
            await asyncio.shield(self.evaluations.give_back(claimed.lease))
            raise
        except WorkerLostError as error:
            attempt = claimed.evaluation.attempts
            _log.warning(
                "worker lost", evaluation_id=str(claimed.lease.evaluation_id), attempt=attempt, reason=str(error)
            )
            await self.evaluations.worker_lost(claimed.lease, self.limits.attempts, str(error))
        return True

    async def _attempt(self, claimed: Claimed) -> None:
        """One worker's try at an evaluation."""
        if claimed.evaluation.is_spent(self.limits.attempts):
            text = f"{self.limits.attempts} workers in a row ended without recording a game"
            return await self.evaluations.fail(claimed.lease, "worker_lost", text)
        job = self._job(*await self.evaluations.begin(claimed))
        async with self._worker(claimed.lease) as worker:
            _log.info("run_gauntlet", evaluation_id=str(job.evaluation_id), worker=worker.pid, resumed=len(job.played))
            async for message in worker.messages(job):
                await self._record(claimed.lease, message)

    def _job(self, evaluation: Evaluation, played: list[PlayedGame]) -> Job:
        assert evaluation.digest is not None
        assert evaluation.policy is not None
        previous = evaluation.previous
        return Job(
            evaluation_id=evaluation.id,
            board_type=evaluation.configuration.board_type,
            num_players=evaluation.configuration.num_players,
            candidate=self.store.path(evaluation.digest).resolve(),
            previous=previous,
            previous_path=self.store.path(previous.digest).resolve() if previous else None,
            gates=evaluation.policy,
            play=evaluation.play,
            seed=evaluation.seed or 0,
            lanes=self.limits.lanes,
            skip_games=evaluation.skip_games,
            played=played,
        )

    @asynccontextmanager
    async def _worker(self, lease: Lease) -> AsyncIterator[Worker]:
        """A worker whose evaluation's lease is kept; it is killed when the block ends or the lease is lost."""
        worker = await self.executor.start()
        beating = asyncio.create_task(self._keep(lease, worker))
        try:
            yield worker
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            await worker.stop()

    async def _keep(self, lease: Lease, worker: Worker) -> None:
        while True:
            await asyncio.sleep(lease.heartbeat_seconds)
            try:
                async with asyncio.timeout(lease.seconds):
                    kept = await self.evaluations.extend(lease)
            except Exception as error:  # the database may be back for the next beat; if not, the lease runs out
                _log.warning("heartbeat failed", error=repr(error))
                continue
            if not kept:
                worker.kill()

    async def _record(self, lease: Lease, message: WorkerMessage) -> None:
        match message:
            case ModelLoaded(model=model):
                await self.evaluations.record_model(lease, model)
            case GamesPlayed(games=games):
                await self.evaluations.record_games(lease, games)
            case JobDone():
                await self.evaluations.complete(lease, message.cpu_seconds)
                figures = message.model_dump(exclude={"type"})
                _log.info("evaluated", evaluation_id=str(lease.evaluation_id), **figures)
            case JobFailed(code=code, reason=reason):
                await self.evaluations.fail(lease, code, reason)
