"""Carries evaluations out: claims what waits, has a worker play it, records what the worker says.

Whatever happens to this process or to a worker, an evaluation ends in exactly one terminal event: every change is made under
the evaluation's lease, and a silent lease is taken over. It plays nothing itself, and knows no database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from play.models.model_file import MOST_BYTES
from services.gauntlet.errors import LeaseLostError
from services.gauntlet.lease import Lease
from services.gauntlet.model_files import ModelFiles
from services.gauntlet.records import Begun, Claimed, Records
from services.gauntlet.worker.executor import Executor, Worker, WorkerLostError
from services.gauntlet.worker.job import GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.process.tasks import to_the_end
from shared.storage.artifacts import ArtifactStore

SWEEP_SECONDS = 1.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class EvaluationRunner:
    """Plays one evaluation after the other. `lanes`: games in flight at once; `most_attempts`: workers that may die in a row;
    `most_bytes`: how large a model file may be."""

    records: Records
    executor: Executor
    store: ArtifactStore
    lanes: int
    most_attempts: int
    most_bytes: int = MOST_BYTES

    async def play(self) -> None:
        """Claim and carry out evaluations, for ever."""
        async for _ in self.records.changes(SWEEP_SECONDS):
            while await self.play_next():
                pass

    async def play_next(self) -> bool:
        """Claim and carry out one evaluation; False if none waits."""
        claimed = await self.records.claim()
        if claimed is None:
            return False
        lease = claimed.lease
        try:
            await self._attempt(claimed)
        except LeaseLostError:
            _log.info("evaluation taken away", evaluation_id=str(lease.evaluation_id))
        except asyncio.CancelledError:
            await asyncio.shield(self._release(lease))
            raise
        except WorkerLostError as error:
            await self._lose_worker(claimed, str(error))
        return True

    async def _attempt(self, claimed: Claimed) -> None:
        """One worker's try at an evaluation."""
        evaluation, lease = claimed
        if evaluation.attempts > self.most_attempts:
            text = f"{self.most_attempts} workers in a row ended without recording a game"
            return await self.records.failed(lease, "worker_lost", text)
        job = self._job(await self.records.begin(lease))
        async with self._worker(lease) as worker:
            _log.info("run_gauntlet", evaluation_id=str(job.evaluation_id), worker=worker.pid, resumed=len(job.played))
            async for message in worker.messages(job):
                await self._record(lease, message)
                if isinstance(message, JobDone | JobFailed):
                    # the lease is over: a worker that takes its time to end is none that was lost
                    return

    def _job(self, begun: Begun) -> Job:
        evaluation, played, *_ = begun
        playable, files = evaluation.playable, ModelFiles(self.store, self.most_bytes)
        return Job(
            evaluation_id=evaluation.id,
            board_type=evaluation.configuration.board_type,
            num_players=evaluation.configuration.num_players,
            candidate=files.candidate(begun),
            previous=evaluation.previous,
            previous_file=files.previous(begun),
            gates=playable.gates,
            play=evaluation.play,
            seed=playable.seed,
            lanes=self.lanes,
            skip_games=evaluation.skip_games,
            played=played,
        )

    @asynccontextmanager
    async def _worker(self, lease: Lease) -> AsyncIterator[Worker]:
        """A worker whose evaluation's lease is kept; it is killed when the block ends or the lease is lost."""
        worker = await self.executor.start()
        beating = asyncio.create_task(self._keep_lease(lease, worker))
        try:
            yield worker
        finally:
            beating.cancel()
            await to_the_end(worker.stop())
            await asyncio.gather(beating, return_exceptions=True)

    async def _keep_lease(self, lease: Lease, worker: Worker) -> None:
        said = RepeatedLog(_log, "heartbeat", evaluation_id=str(lease.evaluation_id))
        while True:
            await asyncio.sleep(lease.heartbeat_seconds)
            try:
                async with asyncio.timeout(lease.seconds):
                    kept = await self.records.keep(lease)
            except Exception as error:  # the database may be back for the next beat; if not, the lease runs out
                said.failed(error)
                continue
            said.worked()
            if not kept:
                worker.kill()

    async def _record(self, lease: Lease, message: WorkerMessage) -> None:
        match message:
            case ModelLoaded(model=model):
                await self.records.described(lease, model)
            case GamesPlayed(games=games):
                await self.records.played(lease, games)
            case JobDone():
                await self.records.completed(lease, message.cpu_seconds)
                said = message.model_dump(exclude={"type"})
                _log.info("evaluated", evaluation_id=str(lease.evaluation_id), **said)
            case JobFailed(code=code, reason=reason):
                await self.records.failed(lease, code, reason)

    async def _lose_worker(self, claimed: Claimed, reason: str) -> None:
        """The worker died: another one tries, unless this was the last attempt."""
        evaluation, lease = claimed
        _log.warning("worker lost", evaluation_id=str(evaluation.id), attempt=evaluation.attempts, reason=reason)
        with suppress(LeaseLostError):
            await self.records.worker_lost(lease, reason)

    async def _release(self, lease: Lease) -> None:
        with suppress(LeaseLostError):
            await self.records.released(lease)
