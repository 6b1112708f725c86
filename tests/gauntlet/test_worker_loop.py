"""One worker's life between fakes: no service, no process, no game, and no time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from services.gauntlet.course import Blocks
from services.gauntlet.errors import ClaimOverError, DifferentGameError, ReportRefusedError
from services.gauntlet.worker.executor import WorkerLostError
from services.gauntlet.worker.job import GamesPlayed, JobFailed, ModelLoaded
from services.gauntlet.worker.loop import INTERRUPT_SECONDS, WorkerLoop
from services.gauntlet.worker.reporter import GOODBYE_SECONDS
from services.gauntlet.worker.resident import MOST_GROWTH, MOST_JOBS
from services.gauntlet.worker.work import ModelReference, WorkReport
from tests.gauntlet.fake_work import DONE, WAITS, FakeExecutor, FakeModels, FakeSource, FakeWorker, games, work
from tests.gauntlet.fakes import MODEL
from tests.kit.virtual_time import in_virtual_time

LOADED = ModelLoaded(model=MODEL, confinement="full")
GAMES = games(4)
PLAYED, REST = GamesPlayed(games=GAMES[:2]), GamesPlayed(games=GAMES[2:])
WHOLE = (LOADED, PLAYED, REST, DONE)
LOST = WorkerLostError("the worker ended with code -9: its last words")
FIRST, SECOND = UUID(int=1), UUID(int=2)


class Trial:
    """A worker between fakes, for which there are so many claims, and its processes in the order in which they are started."""

    def __init__(self, *workers: FakeWorker, claims: int = 1, source: FakeSource | None = None) -> None:
        self.source, self.models = source or FakeSource(), FakeModels()
        self.source.waiting = [work(number) for number in range(1, claims + 1)]
        self.executor = FakeExecutor(list(workers))
        self.loop = WorkerLoop("gpu-7:1", self.source, self.models, self.executor, 8, jitter=lambda: 1.0)

    async def run(self) -> list[MutableMapping[str, Any]]:
        """Until every claim is over and the worker waits for more; returns what it logged."""
        with capture_logs() as logs:
            async with self.running():
                await self.source.none_left.wait()
        return list(logs)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """While the block lasts; then it is told to end, and has ended."""
        task = asyncio.create_task(self.loop.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def seconds() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()


@in_virtual_time
async def test_what_a_worker_says_is_reported_as_it_comes() -> None:
    """The model, the games, and the end with what it cost."""
    trial = Trial(worker := FakeWorker([(LOADED, PLAYED, WAITS)]))
    async with trial.running():
        await worker.working.wait()
        await asyncio.wait([asyncio.ensure_future(worker.told.wait())], timeout=1)
        told = [each for each in trial.source.reports if each[1] != WorkReport()]
        assert told == [(FIRST, WorkReport(model=MODEL, confinement="full", games=GAMES[:2]))]
        worker.interrupt(FIRST)
        await trial.source.none_left.wait()
    last = trial.source.reports[-1][1]
    assert last == WorkReport(done=True, cpu_seconds=1.5, forward_seconds=1.0, surplus_games=2)
    assert (trial.source.games, trial.source.given_back) == (GAMES[:2], [])


@in_virtual_time
async def test_short_memory_is_said_in_one_line() -> None:
    """In the job in which it was; the games are reported as ever."""
    short = DONE.model_copy(update={"halved_to": 16})
    trial = Trial(FakeWorker([(LOADED, PLAYED, REST, short), WHOLE]), claims=2)
    logs = await trial.run()
    [line] = [each for each in logs if each["log_level"] == "warning"]
    assert (line["event"], line["positions"]) == ("out of memory: asking networks about fewer positions at once", 16)
    assert [report.done for _, report in trial.source.reports if report.done] == [True, True]


@in_virtual_time
async def test_one_process_carries_out_claim_after_claim() -> None:
    """It is started with the first one, and ended with the worker; each claim is said in the log."""
    trial = Trial(worker := FakeWorker([WHOLE] * 3), claims=3)
    logs = await trial.run()
    assert (trial.executor.started, worker.stopped) == (1, True)
    assert [claim for claim, report in trial.source.reports if report.done] == [FIRST, SECOND, UUID(int=3)]
    begun = [each for each in logs if each["event"] == "run_gauntlet"]
    assert [(each["worker"], each["opponent"], each["first"], each["games"]) for each in begun] == [
        (7, "random", 0, 4)
    ] * 3
    assert {wish.worker for wish in trial.source.wishes} == {"gpu-7:1"}


@in_virtual_time
async def test_a_job_is_what_was_claimed() -> None:
    """With the lanes of the settings, and the models where they lie."""
    trial = Trial(worker := FakeWorker([WHOLE]))
    previous = ModelReference(digest="1" * 64, name="canonical version 3")
    trial.source.waiting = [claimed := work(1, Blocks("previous", 2, 2), previous=previous, most_model_bytes=5)]
    await trial.run()
    [job] = worker.jobs
    assert (job.work, job.lanes) == (claimed, 8)
    assert job.previous is not None
    assert [(each.path.name, each.name, each.most_bytes) for each in (job.candidate, job.previous)] == [
        ("0" * 64, "models/a.pth", 5), ("1" * 64, "canonical version 3", 5),
    ]  # fmt: skip


@in_virtual_time
async def test_reports_are_said_again_while_the_service_is_away() -> None:
    """However long that lasts, nothing that was played is lost or told twice."""
    trial = Trial(FakeWorker([WHOLE]), source=FakeSource(away_for=50))
    await trial.run()
    assert trial.source.tried == 50 + len(trial.source.reports)
    assert trial.source.games == GAMES
    assert trial.source.reports[0][1].model == MODEL
    assert [report.done for _, report in trial.source.reports].count(True) == 1


@in_virtual_time
async def test_a_silent_job_gives_signs_of_life() -> None:
    """Several in the time that a claim lasts, as the service says last."""
    trial = Trial(worker := FakeWorker([(WAITS,)]), source=FakeSource(report_seconds=40))
    async with trial.running():
        await worker.working.wait()
        await asyncio.wait([asyncio.ensure_future(worker.told.wait())], timeout=25)
    assert [report for _, report in trial.source.reports] == [WorkReport()] * 3


@pytest.mark.parametrize(
    ("answer", "last_words", "given_back"),
    [(False, 1, []), (ClaimOverError(), 0, []), (ReportRefusedError(), 0, [FIRST]), (DifferentGameError(), 0, [FIRST])],
)
@in_virtual_time
async def test_a_job_that_nobody_wants_is_interrupted(
    answer: bool | Exception, last_words: int, given_back: list[UUID]
) -> None:
    """Nothing more is told of it but what it cost, what was refused is free for others at once, and its process goes on with the
    next claim."""
    trial = Trial(worker := FakeWorker([(LOADED, PLAYED, WAITS), WHOLE]), claims=2)
    trial.source.answers = [answer]
    await trial.run()
    assert worker.interrupts[0] == FIRST
    said = [report for claim, report in trial.source.reports if claim == FIRST][1:]
    assert said == [WorkReport(cpu_seconds=1.5, forward_seconds=1.0, surplus_games=2, done=True)] * last_words
    assert [job.work.claim_id for job in worker.jobs] == [FIRST, SECOND]
    assert (trial.executor.started, trial.source.failures, trial.source.given_back) == (1, [], given_back)


@in_virtual_time
async def test_f16_a_process_that_does_not_stop_is_killed() -> None:
    """After a while; it counts against nobody, and the next claim has a new one."""
    trial = Trial(hung := FakeWorker([(LOADED, WAITS)], deaf=True), FakeWorker([WHOLE]), claims=2)
    trial.source.answers = [False]
    await trial.run()
    assert hung.killed.is_set()
    assert hung.stopped
    assert INTERRUPT_SECONDS <= seconds() < 2 * INTERRUPT_SECONDS
    assert (trial.executor.started, trial.source.failures) == (2, [])


@in_virtual_time
async def test_g06_a_process_that_died_is_told_of_with_its_last_words() -> None:
    """What it had played comes first; the next claim has a new one."""
    trial = Trial(dead := FakeWorker([(LOADED, PLAYED, LOST)]), FakeWorker([WHOLE]), claims=2)
    await trial.run()
    [(claim, failure)] = trial.source.failures
    assert (claim, failure.code, failure.reason) == (FIRST, "worker_lost", str(LOST))
    assert [each for each, report in trial.source.reports if report.games == GAMES[:2]][:1] == [FIRST]
    assert (dead.stopped, trial.executor.started) == (True, 2)


@in_virtual_time
async def test_f11_a_process_that_died_between_claims_counts_against_none() -> None:
    """It is replaced before the next claim is carried out."""
    trial = Trial(idle := FakeWorker([WHOLE, (LOST,)]), FakeWorker([WHOLE]), claims=2)
    idle.has_ended = True
    await trial.run()
    assert (trial.executor.started, trial.source.failures, len(idle.jobs)) == (2, [], 1)


@in_virtual_time
async def test_f59_last_words_can_be_stored() -> None:
    """Whatever the process wrote, and however much."""
    trial = Trial(FakeWorker([(WorkerLostError("a\0b" + "x" * 5000),)]))
    await trial.run()
    [(_, failure)] = trial.source.failures
    assert "\0" not in failure.reason


@in_virtual_time
async def test_a_job_that_cannot_be_done_is_told_of() -> None:
    """With the worker's code and reason; its process lives on."""
    failed = JobFailed(code="model_invalid", reason="no checkpoint")
    trial = Trial(FakeWorker([(failed,), WHOLE]), claims=2)
    await trial.run()
    [(claim, failure)] = trial.source.failures
    assert (claim, failure.code, failure.reason) == (FIRST, "model_invalid", "no checkpoint")
    assert trial.executor.started == 1


@in_virtual_time
async def test_a_process_that_speaks_in_tongues_is_replaced() -> None:
    """Its claim is given back, and what it still says is never taken for the next job's."""
    trial = Trial(odd := FakeWorker([(LOADED, ValueError("no message"))]), FakeWorker([WHOLE]), claims=2)
    await trial.run()
    assert (trial.source.given_back, odd.stopped, trial.executor.started) == ([FIRST], True, 2)
    assert trial.source.failures == []


@in_virtual_time
async def test_a_worker_that_is_told_to_end_tells_what_is_there_and_gives_the_rest_back() -> None:
    """Though it was just telling it; its process is ended."""
    trial = Trial(worker := FakeWorker([(LOADED, PLAYED, WAITS)]), source=FakeSource(hold=asyncio.Event()))
    async with trial.running() as task:
        await worker.working.wait()
        task.cancel()
        assert trial.source.hold is not None
        trial.source.hold.set()
    assert (trial.source.games, trial.source.given_back, worker.stopped) == (GAMES[:2], [FIRST], True)


@in_virtual_time
async def test_a_worker_ends_though_the_service_is_away() -> None:
    """It tries for a moment, and leaves the rest to the end of its claim."""
    trial = Trial(worker := FakeWorker([(LOADED, PLAYED, WAITS)]), source=FakeSource(hold=asyncio.Event()))
    async with trial.running():
        await worker.working.wait()
        told = seconds()
    assert seconds() - told == pytest.approx(GOODBYE_SECONDS)
    assert (trial.source.reports, worker.stopped) == ([], True)


@in_virtual_time
async def test_whoever_has_no_work_or_no_model_just_now_is_asked_again() -> None:
    """After a pause; what was claimed meanwhile is given back, and no process is started for it."""
    trial = Trial(FakeWorker([WHOLE]), claims=2)
    trial.source.no_work, trial.models.trouble = OSError("away"), OSError("no model")
    await trial.run()
    assert seconds() == pytest.approx(2)
    assert trial.source.given_back == [FIRST]
    assert [claim for claim, report in trial.source.reports if report.done] == [SECOND]


@pytest.mark.parametrize(
    ("claims", "bytes_held"), [(MOST_JOBS + 1, lambda job: 1), (4, lambda job: 100 + job * (MOST_GROWTH // 2 + 1))]
)
@in_virtual_time
async def test_a_process_that_has_grown_or_grown_old_is_replaced(claims: int, bytes_held: Callable[[int], int]) -> None:
    """Between two claims, so that nobody notices."""
    jobs = [(DONE.model_copy(update={"peak_bytes": bytes_held(job)}),) for job in range(claims)]
    trial = Trial(old := FakeWorker(list[Sequence[object]](jobs)), FakeWorker([WHOLE]), claims=claims)
    await trial.run()
    assert (trial.executor.started, old.stopped) == (2, True)
    assert len(trial.executor.workers[1].jobs) == 1
    assert (trial.source.failures, trial.source.given_back) == ([], [])


ENDS: list[Sequence[object]] = [
    WHOLE, (LOADED, DONE), (LOADED, PLAYED, LOST), (LOST,), (JobFailed(code="internal", reason="out of order"),),
]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(ENDS), max_size=6), st.integers(0, 5), st.lists(st.booleans(), max_size=6))
@in_virtual_time
async def test_g06_however_its_processes_end_every_claim_is_over(
    jobs: list[Sequence[object]], away_for: int, answers: list[bool]
) -> None:
    """Told to the end, failed, given back, or not wanted any more; no game is told twice, and the worker waits for the next."""
    said = list(jobs)
    workers = [FakeWorker(said) for _ in range(len(jobs) + 1)]
    trial = Trial(
        *workers, claims=len(jobs), source=FakeSource(away_for=away_for, answers=list[bool | Exception](answers))
    )
    await trial.run()
    source = trial.source
    over = [*source.unwanted, *source.given_back, *(claim for claim, _ in source.failures)]
    over += [claim for claim, report in source.reports if report.done]
    assert set(over) == {UUID(int=number) for number in range(1, len(jobs) + 1)}
    assert len({(claim, each.index) for claim, report in source.reports for each in report.games}) == len(source.games)
    assert [each.stopped for each in workers[: trial.executor.started]] == [True] * trial.executor.started
