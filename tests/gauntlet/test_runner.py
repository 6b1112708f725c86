"""The runner by itself, between fakes: no database, no process, no game."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.gauntlet.evaluation import Evaluation
from services.gauntlet.runner import EvaluationRunner, Limits
from services.gauntlet.worker.job import JobDone, JobFailed, ModelLoaded
from shared.contract.evidence import CanonicalReference, ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import ArtifactStore
from tests.gauntlet.fakes import FakeEvaluations, FakeExecutor, FakePolicies, FakeWorker
from tests.gauntlet.test_evaluation import new

LOADED = ModelLoaded(model=ModelMetadata(architecture="mlp", parameters=3))
DONE = JobDone(cpu_seconds=1.5, network_seconds=1.0)
QUICK = Limits(lease_seconds=0.02, attempts=3, lanes=8)


class Trial:
    """A runner between fakes, with one evaluation that waits."""

    def __init__(self, folder: Path, *workers: FakeWorker, **changed: Any) -> None:
        self.evaluation: Evaluation = replace(new(EvaluationState.QUEUED), **changed)
        self.evaluations, self.executor = FakeEvaluations([self.evaluation]), FakeExecutor(list(workers))
        self.policies, self.models = FakePolicies(), folder / "models"
        self.models.mkdir()
        store = ArtifactStore(folder / "artifacts")
        self.runner = EvaluationRunner(self.evaluations, self.executor, self.policies, store, self.models, QUICK)

    @property
    def log(self) -> list[tuple[object, ...]]:
        """What happened to the evaluation."""
        return self.evaluations.log


async def test_what_a_worker_says_is_recorded(tmp_path: Path) -> None:
    """The model, then the end; the worker is stopped, and nothing is left to play."""
    trial = Trial(tmp_path, FakeWorker([LOADED, DONE]))
    await trial.runner.play()
    assert trial.log == [("begun",), ("model", "mlp"), ("completed", 1.5)]
    assert trial.executor.workers[0].stopped
    assert not await trial.runner.play_next()


async def test_a_job_is_what_was_recorded(tmp_path: Path) -> None:
    """Policy, previous, seed and lanes are the evaluation's and the settings'."""
    previous = CanonicalReference(version=3, digest="1" * 64)
    policy = GatePolicy(games=9)
    worker = FakeWorker([DONE])
    trial = Trial(tmp_path, worker, previous=previous, policy=policy, seed=42, skip_games=True)
    await trial.runner.play_next()
    [job] = worker.jobs
    assert (job.gates, job.previous, job.seed, job.lanes, job.skip_games) == (policy, previous, 42, 8, True)
    assert job.candidate.name == "0" * 64
    assert job.previous_path is not None
    assert job.previous_path.name == "1" * 64


async def test_a_job_that_cannot_be_done_has_failed(tmp_path: Path) -> None:
    """The worker's code and reason are the evaluation's."""
    trial = Trial(tmp_path, FakeWorker([JobFailed(code="model_invalid", reason="no checkpoint")]))
    assert await trial.runner.play_next()
    assert trial.log[-1] == ("failed", "model_invalid", "no checkpoint")


async def test_g06_a_lost_worker_is_reported_with_its_last_words(tmp_path: Path) -> None:
    """The attempt is counted where evaluations are kept, and the worker is stopped."""
    trial = Trial(tmp_path, FakeWorker([LOADED], dies="code -9"))
    assert await trial.runner.play_next()
    assert trial.log[-1] == ("worker lost", 3, "code -9")
    assert trial.executor.workers[0].stopped


async def test_g06_the_fourth_attempt_of_three_is_not_made(tmp_path: Path) -> None:
    """An evaluation whose workers all died fails without starting another."""
    trial = Trial(tmp_path, FakeWorker([DONE]), attempts=3)
    assert await trial.runner.play_next()
    [(what, code, reason)] = trial.log
    assert (what, code) == ("failed", "worker_lost")
    assert reason == "3 workers in a row ended without recording a game"
    assert trial.executor.started == 0


async def test_g06_without_the_lease_nothing_is_written(tmp_path: Path) -> None:
    """A runner that lost its lease writes nothing and goes on to the next evaluation."""
    trial = Trial(tmp_path, FakeWorker([LOADED, DONE]))
    trial.evaluations.lease_holds = False
    assert await trial.runner.play_next()
    assert trial.log == [("begun",)]
    assert trial.executor.workers[0].stopped


async def test_g06_a_heartbeat_without_the_lease_kills_the_worker(tmp_path: Path) -> None:
    """Cancelled or taken over meanwhile, a worker does not go on."""
    trial = Trial(tmp_path, worker := FakeWorker(endless=True))
    trial.evaluations.lease_holds = False
    async with asyncio.timeout(10):
        assert await trial.runner.play_next()
    assert worker.killed.is_set()


async def test_a_heartbeat_that_fails_is_tried_again(tmp_path: Path) -> None:
    """A database that is away for a beat costs nothing."""
    trial = Trial(tmp_path, worker := FakeWorker(endless=True))
    trial.evaluations.extension = OSError("away")
    playing = asyncio.create_task(trial.runner.play_next())
    async with asyncio.timeout(10):
        for _ in range(2):
            await trial.evaluations.extended.wait()
            trial.evaluations.extended.clear()
        assert not worker.killed.is_set()
        trial.evaluations.extension = None
        await trial.evaluations.extended.wait()
        worker.kill()
        await playing
    assert trial.log[-1] == ("worker lost", 3, "killed")


async def test_a_stopped_runner_gives_its_evaluation_back(tmp_path: Path) -> None:
    """The attempt is not counted, and the worker is stopped."""
    trial = Trial(tmp_path, worker := FakeWorker([LOADED], endless=True))
    playing = asyncio.create_task(trial.runner.play_next())
    await worker.working.wait()
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing
    assert trial.log[-1] == ("given back",)
    assert worker.stopped


async def test_a_model_is_taken_in_under_the_promotion_services_policy(tmp_path: Path) -> None:
    """Its bytes are in the store, and the policy is asked for with the games that were asked for."""
    trial = Trial(tmp_path, state=EvaluationState.RECEIVED, policy=None, games=12, model_path="models/a.pth")
    (trial.models / "a.pth").write_bytes(b"weights")
    trial.policies.known = GatePolicy(games=12)
    await trial.runner.take_in()
    assert trial.log == [("taken in", hashlib.sha256(b"weights").hexdigest(), GatePolicy(games=12))]
    assert trial.policies.asked == [("hex8_2p", 12)]


async def test_a_policy_that_is_known_is_not_asked_for(tmp_path: Path) -> None:
    """It travelled with the request."""
    trial = Trial(tmp_path, state=EvaluationState.RECEIVED, policy=GatePolicy(games=2))
    (trial.models / "a.pth").write_bytes(b"weights")
    await trial.runner.take_in()
    assert trial.log[0][2] == GatePolicy(games=2)
    assert trial.policies.asked == []


async def test_without_a_policy_it_waits_and_says_so(tmp_path: Path) -> None:
    """Nothing is taken in, and nothing has failed."""
    trial = Trial(tmp_path, state=EvaluationState.RECEIVED, policy=None)
    await trial.runner.take_in()
    assert trial.log == [("waits", "the promotion service's gate policy: promotion is away")]


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"model_path": "models/none.pth"}, "model_not_found", "there is no model file at"),
        ({"model_path": "../a.pth"}, "path_refused", "outside the models folder"),
        ({"model_path": "models/empty.pth"}, "model_invalid", "models/empty.pth is empty"),
        ({"announced_digest": "f" * 64}, "digest_mismatch", "was announced"),
        ({"model_path": None, "announced_digest": "f" * 64}, "model_not_found", "the artifact store has no model ffff"),
    ],
)
async def test_what_cannot_be_taken_in_is_refused(
    tmp_path: Path, changed: dict[str, Any], code: str, words: str
) -> None:
    """Each fault has its code and says what was found."""
    trial = Trial(tmp_path, state=EvaluationState.RECEIVED, **changed)
    (trial.models / "a.pth").write_bytes(b"weights")
    (trial.models / "empty.pth").touch()
    await trial.runner.take_in()
    [(what, found, reason)] = trial.log
    assert (what, found) == ("refused", code)
    assert words in str(reason)


async def test_one_model_that_cannot_be_read_just_now_holds_up_no_other(tmp_path: Path) -> None:
    """It is tried again; the next one is taken in."""
    trial = Trial(tmp_path, state=EvaluationState.RECEIVED, model_path="models/folder.pth/a.pth")
    (trial.models / "folder.pth").write_bytes(b"a file")
    (trial.models / "a.pth").write_bytes(b"weights")
    trial.evaluations.waiting.append(replace(new(), model_path="models/a.pth"))
    await trial.runner.take_in()
    assert [entry[0] for entry in trial.log] == ["taken in"]
