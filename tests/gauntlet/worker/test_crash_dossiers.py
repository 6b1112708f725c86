"""What is known of a game that errors, or of a model that is lost in the middle of the games; and playing it again."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from play.games.registry import get_game
from play.models.confined.host import ModelHost
from play.record import decode_rows
from play.reproduction import has_same_moves
from services.gauntlet.course import Blocks
from services.gauntlet.worker.crash import MOST_OF_A_CLAIM, Crash
from services.gauntlet.worker.gauntlet import GameGauntlet
from services.gauntlet.worker.job import Crashed, GamesPlayed, JobFailed, WorkerMessage
from services.gauntlet.worker.models import OpenModels
from services.gauntlet.worker.reproduction import CrashedGame, play_again
from shared.contract.policy import GatePolicy, PlayPolicy
from tests.kit.jobs import breaking_checkpoint, games_in, make_job, make_plan, messages_of, open_models, tiny_checkpoint

TEN = Blocks("random", 0, 10)


@pytest.fixture(scope="module")
def breaking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that crashes in its games."""
    return breaking_checkpoint(tmp_path_factory.mktemp("models") / "breaking.pth")


def crashes_in(messages: list[WorkerMessage]) -> list[Crash]:
    """The dossiers among what a worker said."""
    return [each.crash for each in messages if isinstance(each, Crashed)]


def in_game(crash: Crash) -> CrashedGame:
    """Which game that was."""
    return CrashedGame.model_validate(crash.model_dump(include=set(CrashedGame.model_fields)))


def test_a_game_that_errors_has_a_dossier(breaking: Path) -> None:
    """The first of a claim: position, moves by name, seed, place and engine of the recorded game."""
    messages = messages_of(make_plan(breaking, gates=GatePolicy(games=10)).job(TEN))
    errored = {each.index: each for each in games_in(messages) if each.error is not None}
    found = crashes_in(messages)
    assert (len(errored), len(found)) == (10, MOST_OF_A_CLAIM)
    for crash in found:
        game = errored[crash.index or 0]
        assert (crash.kind, crash.reason) == ("game_errored", game.error)
        assert (crash.moves, crash.seed, crash.engine) == (game.moves, game.seed, game.engine)
        assert crash.decisions == len(decode_rows(game.moves)) == len((crash.notation or "").splitlines())
        assert crash.decisions > 4


def test_it_is_reproduced_anywhere_at_the_same_move(breaking: Path) -> None:
    """By another process, in a batch of its own; a sound model plays on, and is told apart."""
    [crash, *_] = crashes_in(messages_of(make_plan(breaking, gates=GatePolicy(games=10)).job(TEN)))
    sound = tiny_checkpoint(breaking.with_name("sound.pth"))
    with ModelHost() as host:
        again, other = (
            play_again(host, get_game("hex8", 2), PlayPolicy(), in_game(crash), make_job(path).candidate, None)
            for path in (breaking, sound)
        )
    assert (again.trouble, again.played.decisions) == (crash.reason, crash.decisions)
    assert has_same_moves(again.played.moves, crash.moves or "")
    assert (other.trouble, other.played.decisions) == (None, (crash.decisions or 0) + 1)
    assert not has_same_moves(other.played.moves, crash.moves or "")


def killed_after(job_messages: Iterator[WorkerMessage], pid: int) -> list[WorkerMessage]:
    """All messages; the process is killed at the first games."""
    said: list[WorkerMessage] = []
    for each in job_messages:
        if isinstance(each, GamesPlayed) and not any(isinstance(before, GamesPlayed) for before in said):
            os.kill(pid, signal.SIGKILL)
        said.append(each)
    return said


def test_a_model_that_is_lost_in_a_game_has_one(tmp_path: Path) -> None:
    """With where the game was that it was asked about; then the job fails as it did before."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    with ModelHost() as host:
        models = OpenModels(host)
        job = make_plan(candidate, gates=GatePolicy(games=60, random_win_rate=1.0)).job(
            Blocks("random", 0, 60), lanes=4
        )
        model = models.get(job.work.candidate, job.candidate, get_game("hex8", 2), 60)
        *_, crashed, last = killed_after(GameGauntlet(job, models).run(), model.pid)
    assert isinstance(crashed, Crashed)
    assert isinstance(last, JobFailed)
    crash = crashed.crash
    assert (crash.kind, last.code, crash.reason.split("; it was asked about")[0]) == (
        "worker_lost",
        "worker_lost",
        last.reason,
    )
    assert "SIGKILL" in crash.reason
    assert (crash.opponent, crash.decisions) == ("random", len(decode_rows(crash.moves or "")))
    assert crash.notation


def test_a_model_that_is_too_slow_before_any_game_has_one_without(tmp_path: Path) -> None:
    """There is no position to tell."""
    job = make_job(tiny_checkpoint(tmp_path / "slow.pth"), TEN)
    hurried = job.model_copy(update={"work": job.work.model_copy(update={"move_seconds": 1e-6})})
    [crash] = crashes_in(messages_of(hurried, open_models()))
    assert (crash.kind, crash.index, crash.moves) == ("too_slow", None, None)
