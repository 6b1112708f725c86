"""The runner by itself, between fakes: no database, no process, no game."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from play.record import PlayedGame
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.runner import EvaluationRunner
from services.gauntlet.worker.job import GamesPlayed, JobDone, JobFailed, ModelLoaded, WorkerMessage
from shared.contract.evidence import CanonicalReference, ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import ArtifactStore
from tests.gauntlet.fakes import NOW, FakeEvaluations, FakeExecutor, FakeWorker, queued

MODEL = ModelMetadata(architecture="mlp", parameters=3)
LOADED = ModelLoaded(model=MODEL)
DONE = JobDone(cpu_seconds=1.5, network_seconds=1.0)
GAMES = [
    PlayedGame(
        opponent="random", index=index, seed=index, opening_seed=1, seat=index, outcome="win", units=2, decisions=9,
        network_evaluations=4, moves="AAAA",
    )
    for index in (0, 1)
]  # fmt: skip
PLAYED = GamesPlayed(games=GAMES)


class Trial:
    """A runner between fakes, with one evaluation that waits, and its workers in the order in which they are started."""

    def __init__(self, folder: Path, *workers: FakeWorker, **changed: Any) -> None:
        self.id = queued().id
        self.evaluations, self.executor = FakeEvaluations(), FakeExecutor(list(workers))
        self.evaluations.add(queued(id=self.id, **changed))
        store = ArtifactStore(folder / "artifacts")
        most = self.evaluations.most_attempts
        self.runner = EvaluationRunner(self.evaluations, self.executor, store, lanes=8, most_attempts=most)

    @property
    def evaluation(self) -> Evaluation:
        """The evaluation as it is now."""
        return self.evaluations.read(self.id)

    @property
    def end(self) -> tuple[Any, ...]:
        """Its state, and why."""
        now = self.evaluation
        return now.state.value, now.failure_code, now.failure_reason


async def test_what_a_worker_says_is_recorded(tmp_path: Path) -> None:
    """The model, the games, then the end; the worker is stopped, and nothing is left to play."""
    trial = Trial(tmp_path, FakeWorker([LOADED, PLAYED, DONE]))
    await trial.runner.play()
    assert trial.end == ("completed", None, None)
    assert (trial.evaluation.model, trial.evaluation.started_at) == (MODEL, NOW)
    assert trial.evaluation.evidence is not None
    assert trial.evaluation.evidence.cpu_seconds == 1.5
    assert trial.evaluations.games == {trial.id: GAMES}
    assert (trial.evaluations.starts, trial.evaluations.ends) == ([trial.id], [trial.id])
    assert trial.executor.workers[0].stopped
    assert not await trial.runner.play_next()


@pytest.mark.parametrize("last", [DONE, JobFailed(code="model_invalid", reason="no checkpoint")])
async def test_a_worker_that_has_done_its_job_is_not_lost(tmp_path: Path, last: WorkerMessage) -> None:
    """It may take longer to end than the lease of what it was for; nothing is said to be lost, and it is stopped."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED, last], endless=True))
    with capture_logs() as logs:
        async with asyncio.timeout(10):
            assert await trial.runner.play_next()
    assert worker.stopped
    assert trial.evaluations.ends == [trial.id]
    assert "worker lost" not in [each["event"] for each in logs]


async def test_a_job_is_what_was_recorded(tmp_path: Path) -> None:
    """Policy, previous, seed and lanes are the evaluation's and the settings'."""
    previous = CanonicalReference(version=3, digest="1" * 64)
    policy = GatePolicy(games=9)
    changed = {"previous": previous, "gates": policy, "seed": 43, "skip_games": True, "started_at": NOW}
    trial = Trial(tmp_path, worker := FakeWorker([DONE]), **changed)
    await trial.runner.play_next()
    [job] = worker.jobs
    assert (job.evaluation_id, job.board_type, job.num_players) == (trial.id, "hex8", 2)
    assert (job.gates, job.previous, job.seed, job.lanes, job.skip_games) == (policy, previous, 43, 8, True)
    assert (job.play, job.played, job.candidate.path.name) == (trial.evaluation.play, [], "0" * 64)
    assert job.previous_file is not None
    assert job.previous_file.path.name == "1" * 64


async def test_every_waiting_evaluation_is_played(tmp_path: Path) -> None:
    """One after the other, each by a worker of its own."""
    trial = Trial(tmp_path, FakeWorker([DONE]), FakeWorker([DONE]))
    other = trial.evaluations.add(queued())
    await trial.runner.play()
    assert trial.evaluations.ends == [trial.id, other.id]


async def test_a_job_that_cannot_be_done_has_failed(tmp_path: Path) -> None:
    """The worker's code and reason are the evaluation's."""
    trial = Trial(tmp_path, FakeWorker([JobFailed(code="model_invalid", reason="no checkpoint")]))
    assert await trial.runner.play_next()
    assert trial.end == ("failed", "model_invalid", "no checkpoint")
    assert trial.evaluations.ends == [trial.id]


async def test_g06_a_lost_worker_is_replaced_and_its_games_are_kept(tmp_path: Path) -> None:
    """The next one is given what was recorded, starts nothing anew, and ends the evaluation."""
    trial = Trial(tmp_path, first := FakeWorker([LOADED, PLAYED], dies="code -9"), second := FakeWorker([DONE]))
    assert await trial.runner.play_next()
    assert (trial.evaluation.state, trial.evaluation.attempts) == (EvaluationState.QUEUED, 0)
    assert first.stopped
    assert await trial.runner.play_next()
    assert second.jobs[0].played == GAMES
    assert trial.end == ("completed", None, None)
    assert (trial.evaluations.starts, trial.evaluations.ends) == ([trial.id], [trial.id])


async def test_g06_three_workers_in_a_row_may_die(tmp_path: Path) -> None:
    """The third end is the evaluation's, with the worker's last words; no fourth is started."""
    trial = Trial(tmp_path, *[FakeWorker([LOADED], dies=f"code {number}") for number in range(4)])
    await trial.runner.play()
    assert trial.executor.started == 3
    assert trial.end == ("failed", "worker_lost", "code 2")
    assert trial.evaluations.ends == [trial.id]


async def test_g06_the_fourth_attempt_of_three_is_not_made(tmp_path: Path) -> None:
    """An evaluation whose services died with their workers fails without another worker."""
    trial = Trial(tmp_path, attempts=3)
    assert await trial.runner.play_next()
    assert trial.end == ("failed", "worker_lost", "3 workers in a row ended without recording a game")
    assert trial.executor.started == 0


async def test_g06_a_silent_runner_loses_its_evaluation(tmp_path: Path) -> None:
    """Another one takes over; whatever the first one's worker still says changes nothing."""
    trial = Trial(tmp_path, FakeWorker([DONE]))
    slow = await trial.evaluations.claim()
    assert slow is not None
    assert not await trial.runner.play_next()
    trial.evaluations.pass_time(1)
    assert await trial.runner.play_next()
    trial.executor.workers.append(late := FakeWorker([LOADED, DONE]))
    trial.evaluations.claimed_before.append(slow)
    assert await trial.runner.play_next()
    assert trial.evaluations.ends == [trial.id]
    assert late.jobs == []


async def test_g06_a_cancelled_evaluation_kills_its_worker(tmp_path: Path) -> None:
    """The next heartbeat finds no lease; nothing more is written, and the runner goes on."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED], endless=True))
    playing = asyncio.create_task(trial.runner.play_next())
    async with asyncio.timeout(10):
        await worker.working.wait()
        trial.evaluations.save(trial.evaluation.cancelled())
        assert await playing
    assert worker.killed.is_set()
    assert worker.stopped
    assert trial.end == ("failed", "cancelled", "cancelled by an operator")
    assert trial.evaluations.ends == [trial.id]


async def test_g06_what_a_worker_says_after_the_lease_is_lost_is_not_recorded(tmp_path: Path) -> None:
    """The runner stops listening at the first word that it may not write."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED], endless=True))
    trial.evaluations.beat_fails = OSError("away")
    playing = asyncio.create_task(trial.runner.play_next())
    async with asyncio.timeout(10):
        await worker.working.wait()
        trial.evaluations.save(trial.evaluation.cancelled())
        worker.kill()
        assert await playing
    assert trial.evaluations.ends == [trial.id]


async def test_a_heartbeat_that_fails_is_tried_again(tmp_path: Path) -> None:
    """A database that is away for a beat costs nothing."""
    trial = Trial(tmp_path, worker := FakeWorker(endless=True))
    trial.evaluations.beat_fails = OSError("away")
    playing = asyncio.create_task(trial.runner.play_next())
    async with asyncio.timeout(10):
        for _ in range(2):
            await trial.evaluations.beat.wait()
            trial.evaluations.beat.clear()
        assert not worker.killed.is_set()
        trial.evaluations.beat_fails = None
        await trial.evaluations.beat.wait()
        assert not worker.killed.is_set()
        worker.kill()
        await playing
    assert trial.evaluation.state is EvaluationState.QUEUED


async def test_a_stopped_runner_gives_its_evaluation_back(tmp_path: Path) -> None:
    """The attempt is not counted, and the worker is stopped."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED], endless=True))
    playing = asyncio.create_task(trial.runner.play_next())
    await worker.working.wait()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert (trial.evaluation.state, trial.evaluation.attempts) == (EvaluationState.QUEUED, 0)
    assert worker.stopped


async def test_a_stopped_runner_without_its_lease_just_stops(tmp_path: Path) -> None:
    """There is nothing to give back."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED], endless=True))
    playing = asyncio.create_task(trial.runner.play_next())
    await worker.working.wait()
    trial.evaluations.save(trial.evaluation.cancelled())
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert trial.end[1] == "cancelled"


SAYINGS: list[list[WorkerMessage]] = [
    [], [LOADED], [LOADED, PLAYED], [LOADED, PLAYED, DONE], [JobFailed(code="internal", reason="out of order")],
]  # fmt: skip
WORKERS = st.builds(FakeWorker, says=st.sampled_from(SAYINGS), dies=st.none() | st.just("code -9"))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(WORKERS, max_size=20))
async def test_g06_however_its_workers_end_an_evaluation_ends_once(tmp_path: Path, workers: list[FakeWorker]) -> None:
    """Workers die, fall silent or finish, in any order: after the last one there is one start and one end."""
    trial = Trial(tmp_path, *workers, FakeWorker([LOADED, PLAYED, DONE]))
    trial.evaluations.most_attempts = 100
    while await trial.runner.play_next():
        trial.evaluations.pass_time(1)
    assert trial.evaluation.has_ended
    assert (trial.evaluations.starts, trial.evaluations.ends) == ([trial.id], [trial.id])
