"""Has the recorded games of a finished evaluation checked and played again, by a worker of their own, one evaluation at a time."""

from __future__ import annotations

import asyncio
import secrets

from play.verification.findings import Verification
from services.gauntlet.errors import BusyError, NotVerifiableError
from services.gauntlet.figures import note_verification
from services.gauntlet.model_files import ModelFiles
from services.gauntlet.records import Begun
from services.gauntlet.worker.executor import Executor, WorkerLostError
from services.gauntlet.worker.job import JobFailed, VerificationJob, Verified
from services.gauntlet.worker.source import ModelAbsentError
from shared.process.tasks import to_the_end

LONGEST_SECONDS = 900.0


class Verifier:
    """`seconds`: after so many a verification is given up."""

    def __init__(self, executor: Executor, files: ModelFiles, seconds: float = LONGEST_SECONDS) -> None:
        self._executor, self._files, self._seconds = executor, files, seconds
        self._working = asyncio.Lock()

    async def verify(self, finished: Begun, sample: int | None) -> Verification:
        """What came of it. BusyError while another is made, NotVerifiableError if a model cannot be had or it takes too long."""
        if self._working.locked():
            raise BusyError("another verification is being made")
        async with self._working:
            job = await self._job(finished, sample)
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._made(job)
            except TimeoutError:
                raise NotVerifiableError(
                    f"it takes longer than {self._seconds:g} seconds: ask for fewer games"
                ) from None
            except WorkerLostError as error:
                raise NotVerifiableError(str(error)) from error

    async def _made(self, job: VerificationJob) -> Verification:
        worker = await self._executor.start()
        try:
            async for message in worker.messages(job):
                match message:
                    case Verified(verification=verification):
                        note_verification(verification)
                        return verification
                    case JobFailed(reason=reason):
                        raise NotVerifiableError(reason)
        finally:
            await to_the_end(worker.stop())
        raise WorkerLostError("the worker said nothing of the verification")

    async def _job(self, finished: Begun, sample: int | None) -> VerificationJob:
        try:
            return await asyncio.to_thread(self._prepared, finished, sample)
        except ModelAbsentError as error:
            raise NotVerifiableError(str(error)) from None

    def _prepared(self, finished: Begun, sample: int | None) -> VerificationJob:
        evaluation, played, *_ = finished
        assert evaluation.evidence is not None, "only a finished evaluation can be verified"
        return VerificationJob(
            board_type=evaluation.configuration.board_type,
            num_players=evaluation.configuration.num_players,
            candidate=self._files.candidate(finished),
            canonical=self._files.canonical(finished),
            evidence=evaluation.evidence,
            played=played,
            sample=sample,
            seed=secrets.randbits(63),
        )
