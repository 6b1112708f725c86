"""Play by search as an evaluation's policy, and the warmed kernels that it needs."""

import subprocess
import sys
from pathlib import Path

from play.games.ringrift.warm import warm
from services.gauntlet.worker.gauntlet import GameGauntlet
from services.gauntlet.worker.job import Job, JobFailed
from shared.contract.policy import GatePolicy, PlayPolicy
from tests.kit.jobs import games_of, make_job, tiny_checkpoint

ROOT = Path(__file__).parents[3]


def search_job(candidate: Path, simulations: int, temperature: float = 0.0) -> Job:
    """A few games against random, by search."""
    play = PlayPolicy(mode="search", simulations=simulations, temperature=temperature)
    job = make_job(candidate, gates=GatePolicy(games=4, random_win_rate=1.0))
    return job.model_copy(update={"play": play})


def test_a_gauntlet_plays_by_search(tmp_path: Path) -> None:
    """The number of simulations of the play policy is what is played with, and every position looked at is counted."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    for game in games_of(search_job(candidate, 5)):
        own = game.decisions // 2
        assert 2 * own < game.network_evaluations
        assert game.error is None


def test_g08_games_by_search_are_repeatable(tmp_path: Path) -> None:
    """The same job plays the same games, also where moves are drawn, and another policy plays others."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    drawn = games_of(search_job(candidate, 5, temperature=1.0))
    assert games_of(search_job(candidate, 5, temperature=1.0)) == drawn
    assert games_of(search_job(candidate, 5)) != drawn


def test_a_search_without_simulations_fails_the_job(tmp_path: Path) -> None:
    """The contradiction is reported; policy play does not stand in for it."""
    (message,) = GameGauntlet(search_job(tiny_checkpoint(tmp_path / "candidate.pth"), 0)).run()
    assert isinstance(message, JobFailed)
    assert message.code == "internal"
    assert "at least 1" in message.reason


def test_warming_twice_compiles_and_says_nothing() -> None:
    """When every kernel is cached the command is silent."""
    warm()
    command = [sys.executable, "-m", "play.games.ringrift.warm"]
    assert subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout == ""
