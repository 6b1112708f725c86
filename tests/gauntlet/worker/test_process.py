"""A worker's process as those who hand out work see it, and a worker's life around a real one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from play.models.model_file import ModelFile
from services.gauntlet.course import Blocks
from services.gauntlet.worker.crash import MOST_STDERR
from services.gauntlet.worker.executor import Worker, WorkerLostError
from services.gauntlet.worker.job import GamesPlayed, JobDone, ModelLoaded
from services.gauntlet.worker.loop import WorkerLoop
from services.gauntlet.worker.process import Processes
from services.gauntlet.worker.work import ModelReference
from shared.contract.policy import GatePolicy
from tests.gauntlet.fake_work import FakeSource
from tests.kit.jobs import Plan, games_in, make_plan, messages_of, tiny_checkpoint
from tests.kit.waiting import async_until

GATES = GatePolicy(games=10_000, random_win_rate=0.3)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """An evaluation that would be played for hours."""
    return make_plan(tiny_checkpoint(tmp_path / "candidate.pth"), gates=GATES)


@pytest.fixture
async def worker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Worker]:
    """A process, of a service that has secrets."""
    monkeypatch.setenv("RINGRIFT_DATABASE_URL", "postgresql://secret")
    worker = await Processes().start()
    yield worker
    await worker.stop()


async def test_it_plays_job_after_job_until_it_is_stopped(plan: Plan, worker: Worker) -> None:
    """A stop ends the job that it is for, and the next one is played."""
    endless, job = plan.job(Blocks("random", 0, 10_000)), plan.job(Blocks("random", 0, 2))
    async for message in worker.messages(endless):
        if isinstance(message, GamesPlayed):
            worker.interrupt(endless.work.claim_id)
    assert isinstance(message, JobDone)
    other = job.model_copy(update={"work": job.work.model_copy(update={"claim_id": plan.evaluation.id})})
    said = [message async for message in worker.messages(other)]
    assert games_in(said) == games_in(messages_of(job))
    assert not worker.has_ended
    await worker.stop()
    assert worker.has_ended


async def test_a_process_that_is_killed_is_lost_and_known_to_be(plan: Plan, worker: Worker) -> None:
    """While it plays and when it is asked again; it says how it ended."""
    job = plan.job(Blocks("random", 0, 10_000))

    async def killed_as_it_begins() -> None:
        async for message in worker.messages(job):
            if isinstance(message, ModelLoaded):
                worker.kill()

    with pytest.raises(WorkerLostError, match="was killed, as the kernel does when memory runs out: it said nothing"):
        await killed_as_it_begins()

    async def is_over() -> bool:
        return worker.has_ended

    await async_until(is_over)
    with pytest.raises(WorkerLostError):
        assert [message async for message in worker.messages(job)] == []


async def test_the_last_words_of_a_lost_process_are_kept(plan: Plan, worker: Worker) -> None:
    """The end of them in the text, and as much of them as a dossier holds beside it."""
    no_job = plan.job(Blocks("random", 0, 2)).model_copy(update={"lanes": 0})
    with pytest.raises(WorkerLostError, match="greater than or equal to 1") as lost:
        assert [message async for message in worker.messages(no_job)] == []
    assert "Traceback (most recent call last)" in lost.value.words
    assert len(lost.value.words) <= MOST_STDERR


async def test_it_sees_none_of_the_suites_secrets(worker: Worker) -> None:
    """It needs neither ledger nor keys, so it has none to lose."""
    environment = await asyncio.to_thread(Path(f"/proc/{worker.pid}/environ").read_bytes)
    assert b"PATH=" in environment
    assert b"RINGRIFT_" not in environment


@dataclass
class OneModel:
    """The candidate's file, whatever is asked for."""

    model: ModelFile

    async def file(self, reference: ModelReference, most_bytes: int) -> ModelFile:
        """As `ModelSource.file`."""
        return self.model


async def test_a_worker_plays_what_it_claims(plan: Plan) -> None:
    """What it reports are the games of the claim, and when it ends, so does its process."""
    source = FakeSource([plan.work(Blocks("random", 2, 4))])
    loop = WorkerLoop("here", source, OneModel(plan.candidate), Processes(), lanes=2)
    running = asyncio.create_task(loop.run())
    await asyncio.wait_for(source.none_left.wait(), 120)
    running.cancel()
    await asyncio.wait([running])
    played = {each.index: each for each in games_in(messages_of(plan.job(Blocks("random", 2, 4))))}
    assert {each.index: each for each in source.games} == played
    assert source.reports[-1][1].done
    assert source.reports[-1][1].forward_seconds > 0
