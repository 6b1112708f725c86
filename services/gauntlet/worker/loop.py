"""One worker's life: it asks for work, has its process play it, reports what comes of it, and asks again.

The process is started with the first work and lives on, warm, from claim to claim. Which games are worth playing is the service's
to say; this neither knows nor decides it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.gauntlet.worker.crash import MOST_STDERR
from services.gauntlet.worker.executor import Executor, Worker, WorkerLostError
from services.gauntlet.worker.job import Crashed, GamesPlayed, Job, JobDone, JobFailed, ModelLoaded, WorkerMessage
from services.gauntlet.worker.reporter import Costs, Reporter
from services.gauntlet.worker.resident import ResidentWorker
from services.gauntlet.worker.shortage import available_bytes, is_shortage, require_memory
from services.gauntlet.worker.source import ModelAbsentError, ModelSource, WorkSource
from services.gauntlet.worker.work import Work, WorkFailure, WorkWish
from shared.contract.configuration import Configuration
from shared.contract.words import LONGEST_REASON, storable
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.process.tasks import to_the_end
from shared.process.traces import span

WAIT_SECONDS = 20.0
"""How long a wish for work stays open."""
AGAIN_SECONDS, SHORT_SECONDS = 1.0, 10.0
"""Pauses after what failed, and after a worker had no room for what it was given."""
MOST_SAID = 500
INTERRUPT_SECONDS = 5.0
"""A process that plays on for so long after it was told to stop is ended."""
_log = get_logger(__name__)


@dataclass(frozen=True)
class WorkerLoop:
    """A worker. `name`: as operators know it; `lanes`: games in flight at once; `jitter`: by what a pause is multiplied;
    `available`: how many bytes of memory models may take now."""

    name: str
    source: WorkSource
    models: ModelSource
    executor: Executor
    lanes: int
    jitter: Callable[[], float] = lambda: random.uniform(0.5, 1.5)
    available: Callable[[], int] = available_bytes

    async def run(self) -> None:
        """Carry out work, for ever. Whatever fails is tried again after a while, which is never the same for two workers."""
        said = RepeatedLog(_log, "worker", worker=self.name)
        async with ResidentWorker(self.executor) as resident:
            while True:
                try:
                    work = await self.source.claim(WorkWish(worker=self.name, wait_seconds=WAIT_SECONDS))
                    said.worked()
                    if work is not None:
                        await self._carry_out(work, resident)
                except Exception as error:  # whoever has work may be away, or not have the model at hand
                    said.failed(error)
                    pause = SHORT_SECONDS if is_shortage(error) else AGAIN_SECONDS
                    await asyncio.sleep(pause * self.jitter())

    async def _carry_out(self, work: Work, resident: ResidentWorker) -> None:
        configuration, evaluation = str(Configuration(work.board_type, work.num_players)), str(work.evaluation_id)
        with span(
            "play", work.traceparent, configuration=configuration, evaluation_id=evaluation, opponent=work.opponent
        ):
            await self._carry_out_now(work, resident)

    async def _carry_out_now(self, work: Work, resident: ResidentWorker) -> None:
        reporter = Reporter(self.source, work)
        try:
            job, worker = await self._job(work), await resident.ready()
            _log.info("run_gauntlet", worker=worker.pid, **_named(work))
            async with _reporting(reporter, worker, work):
                await self._play(job, worker, reporter, resident)
        except ModelAbsentError as error:
            await self.source.fail(work.claim_id, _absent(work, error))
        except BaseException as error:
            passing = storable(str(error), MOST_SAID) if is_shortage(error) else None
            await to_the_end(reporter.goodbye(passing))
            raise

    async def _job(self, work: Work) -> Job:
        """Where its models lie. ModelAbsentError, MemoryShortError, and whatever may be wrong with bringing them here."""
        candidate = await self.models.file(work.candidate, work.most_model_bytes)
        previous = await self.models.file(work.previous, work.most_model_bytes) if work.previous else None
        require_memory(filter(None, (candidate, previous)), self.available())
        return Job(work=work, candidate=candidate, previous=previous, lanes=self.lanes)

    async def _play(self, job: Job, worker: Worker, reporter: Reporter, resident: ResidentWorker) -> None:
        try:
            async for message in worker.messages(job):
                _hear(job.work, message, reporter, resident)
        except WorkerLostError as error:
            _log.warning("worker lost", reason=str(error), **_named(job.work))
            await resident.end()
            reporter.lost(storable(str(error), LONGEST_REASON), storable(error.words[-MOST_STDERR:], MOST_STDERR))
        except Exception:
            # it is anywhere in this job, and would answer the next one with what it still says of this one
            await resident.end()
            raise


@asynccontextmanager
async def _reporting(reporter: Reporter, worker: Worker, work: Work) -> AsyncIterator[None]:
    """Reports in the background until all is told; the job is ended when nobody wants to hear more of it."""
    clock = asyncio.get_running_loop()
    killing: list[asyncio.TimerHandle] = []

    async def report() -> None:
        await reporter.run()
        worker.interrupt(work.claim_id)
        killing.append(clock.call_later(INTERRUPT_SECONDS, worker.kill))

    reporting = asyncio.create_task(report())
    try:
        yield
        await reporting
        await reporter.last_word()
    finally:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)
        for timer in killing:
            timer.cancel()


def _hear(work: Work, message: WorkerMessage, reporter: Reporter, resident: ResidentWorker) -> None:
    match message:
        case ModelLoaded(model=model, confinement=confinement):
            reporter.loaded(model, confinement)
        case GamesPlayed():
            reporter.played(message.games, Costs(message.cpu_seconds, message.forward_seconds))
        case Crashed(crash=crash):
            reporter.crashed(crash)
        case JobDone():
            resident.used(message.peak_bytes)
            reporter.done(Costs(message.cpu_seconds, message.forward_seconds, message.surplus_games))
            _log.info("played", **_named(work), **message.model_dump(exclude={"type", "halved_to"}))
            if message.halved_to is not None:
                _log.warning(
                    "out of memory: asking networks about fewer positions at once", positions=message.halved_to
                )
        case JobFailed(code=code, reason=reason):
            reporter.failed(WorkFailure(code=code, reason=storable(reason, LONGEST_REASON)))


def _absent(work: Work, error: ModelAbsentError) -> WorkFailure:
    """No worker can play it: the fault is the candidate's own, or the store's that lost a canonical version."""
    ours = error.digest == work.candidate.digest
    return WorkFailure(code="model_not_found" if ours else "internal", reason=storable(str(error), LONGEST_REASON))


def _named(work: Work) -> dict[str, object]:
    """What log lines say of work."""
    about = {"configuration": str(Configuration(work.board_type, work.num_players)), "model": work.candidate.name}
    blocks = {"opponent": work.opponent, "first": work.first, "games": work.games}
    return {"evaluation_id": str(work.evaluation_id), **about, **blocks}
