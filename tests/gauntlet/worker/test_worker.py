"""The worker process: job lines in, message lines out, one job after the other, and nothing outlives the parent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import pytest

from services.gauntlet.course import Blocks
from services.gauntlet.worker.job import LAST, WORKER_MESSAGE, JobDone, ModelLoaded, Stop, WorkerMessage
from services.gauntlet.worker.work import Message
from shared.contract.policy import GatePolicy
from tests.kit.jobs import games_in, make_job, make_plan, messages_of, tiny_checkpoint

ROOT = Path(__file__).parents[3]
GATES = GatePolicy(games=6, random_win_rate=0.0, heuristic_win_rate=1.0)
ENDLESS = GatePolicy(games=10_000, random_win_rate=0.3)
CONFUSED, ORPHANED = 1, 3


def start() -> subprocess.Popen[bytes]:
    """A worker with pipes on all three streams."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "services.gauntlet.worker"]
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)


def say(worker: subprocess.Popen[bytes], line: str | Message) -> IO[bytes]:
    """Give the worker a line; returns where its answers come."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    text = line if isinstance(line, str) else line.model_dump_json()
    worker.stdin.write(text.encode() + b"\n")
    worker.stdin.flush()
    return worker.stdout


def run_jobs(lines: Sequence[str | Message]) -> list[WorkerMessage]:
    """All that a worker says of these jobs, each of which is given when the one before is over."""
    with start() as worker:
        said = [message for line in lines for message in answer(say(worker, line))]
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(timeout=60) == ORPHANED
    return said


def answer(answers: IO[bytes]) -> Iterator[WorkerMessage]:
    """What is said of one job, up to its last message."""
    for line in answers:
        yield (message := WORKER_MESSAGE.validate_json(line))
        if isinstance(message, LAST):
            return


def test_jobs_are_played_end_to_end_by_one_process(tmp_path: Path) -> None:
    """The worker's games are those of the same jobs played here."""
    plan = make_plan(tiny_checkpoint(tmp_path / "candidate.pth"), gates=GATES)
    jobs = [plan.job(Blocks("heuristic", first, 2)) for first in (0, 2)]
    messages = run_jobs(jobs)
    assert isinstance(messages[0], ModelLoaded)
    assert isinstance(messages[-1], JobDone)
    assert games_in(messages) == [game for job in jobs for game in games_in(messages_of(job))]


def test_a_stop_is_heard_while_games_are_played(tmp_path: Path) -> None:
    """A job that would play for hours ends well when it is told to, and the next one is played."""
    checkpoint = tiny_checkpoint(tmp_path / "candidate.pth")
    job = make_plan(checkpoint, gates=ENDLESS).job(Blocks("random", 0, 10_000))
    with start() as worker:
        answers = say(worker, job)
        assert b'"model"' in answers.readline()
        say(worker, Stop(claim_id=job.work.claim_id))
        said = list(answer(answers))
        assert isinstance(said[-1], JobDone)
        assert len(games_in(said)) < 10_000
        other = make_job(checkpoint)
        assert [type(each) for each in answer(say(worker, other))] == [ModelLoaded, JobDone]
        assert worker.stdin is not None
        worker.stdin.close()


def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    """A job that would play for hours ends when standard input closes."""
    job = make_plan(tiny_checkpoint(tmp_path / "candidate.pth"), gates=ENDLESS).job(Blocks("random", 0, 10_000))
    with start() as worker:
        assert b'"model"' in say(worker, job).readline()
        assert worker.stdin is not None
        worker.stdin.close()
        assert worker.wait(timeout=60) == ORPHANED


@pytest.mark.parametrize("line", ["{}", "no job"])
def test_a_malformed_job_is_an_error_exit(line: str) -> None:
    """What is no job gives no message and exit code 1."""
    with start() as worker:
        assert say(worker, line).read() == b""
        assert worker.wait(timeout=60) == CONFUSED
