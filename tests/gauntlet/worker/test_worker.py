"""The worker process: a job line in, message lines out, and nothing outlives the parent."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.gauntlet.worker.job import WORKER_MESSAGE, GamesPlayed, JobDone, ModelLoaded, WorkerMessage
from shared.contract.policy import GatePolicy
from tests.kit.jobs import games_of, make_job, tiny_checkpoint

ROOT = Path(__file__).parents[3]
GATES = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=1.0)


def start() -> "subprocess.Popen[bytes]":
    """A worker with pipes on all three streams."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "services.gauntlet.worker"]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


def run_job(line: str) -> tuple[int, list[WorkerMessage]]:
    """Exit code and messages of a worker whose standard input stays open until it has ended."""
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(line.encode() + b"\n")
        worker.stdin.flush()
        messages = [WORKER_MESSAGE.validate_json(each) for each in worker.stdout]
        return worker.wait(), messages


def test_a_job_is_played_end_to_end(tmp_path: Path) -> None:
    """The worker's games are those of the same job played here."""
    job = make_job(tiny_checkpoint(tmp_path / "candidate.pth"), gates=GATES)
    code, messages = run_job(job.model_dump_json())
    assert code == 0
    assert isinstance(messages[0], ModelLoaded)
    assert isinstance(messages[-1], JobDone)
    played = [game for each in messages if isinstance(each, GamesPlayed) for game in each.games]
    assert played == games_of(job)


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    """A job that would play for hours ends when standard input closes."""
    gates = GatePolicy(games=10_000, random_win_rate=0.3)
    job = make_job(tiny_checkpoint(tmp_path / "candidate.pth"), gates=gates)
    with start() as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(job.model_dump_json().encode() + b"\n")
        worker.stdin.flush()
        assert b'"model"' in worker.stdout.readline()
        worker.stdin.close()
        assert worker.wait(timeout=60) == 3


@pytest.mark.parametrize("line", ["{}", "no job"])
def test_a_malformed_job_is_an_error_exit(line: str) -> None:
    """What is no job gives no message and exit code 1."""
    assert run_job(line) == (1, [])
