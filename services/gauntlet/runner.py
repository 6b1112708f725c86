"""Carries evaluations out: takes models in, claims what waits, has a worker play it, records what the worker says.

Whatever happens to this process or to a worker, an evaluation ends in exactly one terminal event: every change is made under
the evaluation's lease, and a silent lease is taken over. It plays nothing itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement

from services.gauntlet import outcome, repository
from services.gauntlet.feedback_loop import seed_of
from services.gauntlet.repository import Evaluation
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from services.gauntlet.worker.process import WorkerLostError, WorkerProcess
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, GatePolicy, PlayPolicy
from shared.process.logs import get_logger
from shared.storage.artifacts import Artifact, ArtifactError, ArtifactStore, resolve_inside
from shared.storage.database import Database, Read

SWEEP_SECONDS = 1.0
BEATS_PER_LEASE = 4
_log = get_logger(__name__)


class LeaseLostError(Exception):
    """Another runner has the evaluation now, or it was cancelled; nothing more may be written."""


@dataclass(frozen=True)
class EvaluationRunner:
    """The background work of the gauntlet service."""

    settings: GauntletSettings
    database: Database
    announcer: outcome.Announcer
    store: ArtifactStore

    async def take_in(self) -> None:
        """Put announced models into the artifact store, for ever; what cannot be taken in has failed."""
        async for _ in self.database.changes(SWEEP_SECONDS):
            async with self.database.read() as tx:
                waiting = await repository.received(tx)
            for evaluation in waiting:
                try:
                    await self._take_in(evaluation)
                except Exception as error:  # such as a full disk: tried again, and the others are not kept waiting
                    _log.warning("not taken in yet", evaluation_id=str(evaluation.id), error=repr(error))

    async def _take_in(self, evaluation: Evaluation) -> None:
        try:
            artifact = await asyncio.to_thread(self._artifact, evaluation.model_path, evaluation.announced_digest)
        except ArtifactError as error:
            async with self.database.write() as tx:
                await self.announcer.failed(tx, evaluation.id, error.code, str(error))
            return
        async with self.database.write() as tx:
            configuration = Configuration.parse(evaluation.configuration)
            await repository.queue(tx, evaluation.id, artifact, seed_of(configuration, artifact.digest))

    def _artifact(self, model_path: str | None, digest: str | None) -> Artifact:
        if model_path is None:
            return self._stored(digest or "")
        artifact = self.store.take_in(resolve_inside(self.settings.models_dir, model_path))
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
            raise ArtifactError("model_not_found", f"the artifact store has no model {digest}; announce a model_path")
        return artifact

    async def play(self) -> None:
        """Claim and carry out one evaluation after the other, for ever."""
        async for _ in self.database.changes(SWEEP_SECONDS):
            while await self._play_next():
                pass

    async def _play_next(self) -> bool:
        owner = uuid4()
        async with self.database.write(quiet=True) as tx:
            evaluation = await repository.claim(tx, owner, self.settings.gauntlet_lease_seconds)
        if evaluation is None:
            return False
        owned = repository.owned_by(evaluation.id, owner)
        try:
            await self._attempt(evaluation, owner, owned)
        except LeaseLostError:
            _log.info("evaluation taken away", evaluation_id=str(evaluation.id))
        except asyncio.CancelledError:
            await asyncio.shield(self._release(owned, counted=False))
            raise
        except WorkerLostError as error:
            await self._retry(evaluation, owned, str(error))
        return True

    async def _attempt(self, evaluation: Evaluation, owner: UUID, owned: ColumnElement[bool]) -> None:
        """One worker's try at an evaluation."""
        if evaluation.attempts > self.settings.gauntlet_attempts:
            text = f"{self.settings.gauntlet_attempts} workers in a row ended without recording a game"
            await self._fail(evaluation.id, owned, "worker_lost", text)
            return
        job = await self._prepare(evaluation, owned)
        async with self._worker(owned) as worker:
            _log.info("run_gauntlet", evaluation_id=str(job.evaluation_id), worker=worker.pid, resumed=len(job.played))
            async for message in worker.messages(job):
                await self._record(evaluation.id, owned, message)

    async def _prepare(self, evaluation: Evaluation, owned: ColumnElement[bool]) -> Job:
        configuration = Configuration.parse(evaluation.configuration)
        async with self.database.write() as tx:
            previous = await self._previous(evaluation, tx)
            if evaluation.started_at is None:
                await repository.begin(tx, owned, previous)
                await self.announcer.started(tx, evaluation)
            played = await repository.played_games(tx, evaluation.id)
        return Job(
            evaluation_id=evaluation.id,
            board_type=configuration.board_type,
            num_players=configuration.num_players,
            candidate=self.store.path(evaluation.digest).resolve(),
            previous=previous,
            previous_path=self.store.path(previous.digest).resolve() if previous else None,
            gates=GatePolicy.model_validate(evaluation.gates),
            play=PlayPolicy.model_validate(evaluation.play),
            seed=evaluation.seed,
            lanes=self.settings.gauntlet_lanes,
            skip_games=evaluation.skip_games,
            played=played,
        )

    async def _previous(self, evaluation: Evaluation, tx: Read) -> CanonicalReference | None:
        if evaluation.started_at is None:
            return await repository.canonical(tx, evaluation.configuration)
        return outcome.previous_of(evaluation)

    @asynccontextmanager
    async def _worker(self, owned: ColumnElement[bool]) -> AsyncIterator[WorkerProcess]:
        """A worker whose evaluation's lease is kept; it is killed when the block ends or the lease is lost."""
        worker = await WorkerProcess.start()
        beating = asyncio.create_task(self._keep_lease(owned, worker))
        try:
            yield worker
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            await worker.stop()

    async def _keep_lease(self, owned: ColumnElement[bool], worker: WorkerProcess) -> None:
        seconds = self.settings.gauntlet_lease_seconds
        while True:
            await asyncio.sleep(seconds / BEATS_PER_LEASE)
            try:
                async with asyncio.timeout(seconds), self.database.write(quiet=True) as tx:
                    kept = await repository.extend_lease(tx, owned, seconds)
            except Exception as error:  # the database may be back for the next beat; if not, the lease runs out
                _log.warning("heartbeat failed", error=repr(error))
                continue
            if not kept:
                worker.kill()

    async def _record(self, evaluation_id: UUID, owned: ColumnElement[bool], message: WorkerMessage) -> None:
        match message:
            case ModelLoaded(model=model):
                async with self.database.write() as tx:
                    _require(await repository.record_model(tx, owned, model))
            case GamesPlayed(games=games):
                async with self.database.write() as tx:
                    _require(await repository.record_games(tx, owned, evaluation_id, games))
            case JobDone():
                async with self.database.write() as tx:
                    _require(await self.announcer.completed(tx, evaluation_id, owned, message.cpu_seconds))
                _log.info("evaluated", evaluation_id=str(evaluation_id), **message.model_dump(exclude={"type"}))
            case JobFailed(code=code, reason=reason):
                await self._fail(evaluation_id, owned, code, reason)

    async def _fail(self, evaluation_id: UUID, owned: ColumnElement[bool], code: str, reason: str) -> None:
        async with self.database.write() as tx:
            _require(await self.announcer.failed(tx, evaluation_id, code, reason, owned))

    async def _retry(self, evaluation: Evaluation, owned: ColumnElement[bool], reason: str) -> None:
        """The worker died: another one tries, unless this was the last attempt."""
        _log.warning("worker lost", evaluation_id=str(evaluation.id), attempt=evaluation.attempts, reason=reason)
        async with self.database.write() as tx:
            now = await repository.lock_open(tx, evaluation.id)
            if now is not None and now.attempts >= self.settings.gauntlet_attempts:
                await self.announcer.failed(tx, evaluation.id, "worker_lost", reason, owned)
            else:
                await repository.release(tx, owned, counted=True)

    async def _release(self, owned: ColumnElement[bool], *, counted: bool) -> None:
        async with self.database.write() as tx:
            await repository.release(tx, owned, counted=counted)


def _require(written: bool) -> None:
    if not written:
        raise LeaseLostError
