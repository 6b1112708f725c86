"""Play by search as an evaluation's policy, and the warmed kernels that it needs."""

import subprocess
import sys
from pathlib import Path
from typing import Literal

from play.games.ringrift.warm import warm
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.worker.job import JobFailed
from shared.contract.policy import GatePolicy, PlayPolicy
from tests.kit.jobs import Plan, games_of, make_plan, messages_of, tiny_checkpoint

ROOT = Path(__file__).parents[3]


def search_plan(
    candidate: Path, simulations: int, temperature: float = 0.0, mode: Literal["search", "gumbel"] = "search"
) -> Plan:
    """A few games against random, by search."""
    play = PlayPolicy(mode=mode, simulations=simulations, temperature=temperature)
    return make_plan(candidate, gates=GatePolicy(games=4, random_win_rate=1.0), play=play)


def test_a_gauntlet_plays_by_search(tmp_path: Path) -> None:
    """The number of simulations of the play policy is what is played with, and every position looked at is counted."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    for game in games_of(search_plan(candidate, 5)):
        own = game.decisions // 2
        assert 2 * own < game.network_evaluations
        assert game.error is None


def test_g08_games_by_search_are_repeatable(tmp_path: Path) -> None:
    """The same plan gives the same games, also where moves are drawn, and another policy gives others."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    drawn = games_of(search_plan(candidate, 5, temperature=1.0))
    assert games_of(search_plan(candidate, 5, temperature=1.0)) == drawn
    assert games_of(search_plan(candidate, 5)) != drawn


def test_g08_games_by_sequential_halving_are_repeatable(tmp_path: Path) -> None:
    """The noise is the games' own: the same plan gives the same games, and games other than those of PUCT."""
    candidate = tiny_checkpoint(tmp_path / "candidate.pth")
    noisy = games_of(search_plan(candidate, 5, temperature=1.0, mode="gumbel"))
    assert games_of(search_plan(candidate, 5, temperature=1.0, mode="gumbel")) == noisy
    assert all(each.error is None for each in noisy)
    assert noisy != games_of(search_plan(candidate, 5, temperature=1.0))


def test_the_settings_choose_the_search() -> None:
    """Simulations alone are PUCT's; without any the rule says nothing."""

    def play(**given: object) -> PlayPolicy:
        return GauntletSettings.model_validate({"database_url": "postgresql://a@b/c", **given}).play

    assert play() == PlayPolicy()
    assert play(gauntlet_search="gumbel") == PlayPolicy()
    assert play(gauntlet_simulations=8) == PlayPolicy(mode="search", simulations=8)
    wanted = PlayPolicy(mode="gumbel", simulations=8, temperature=1.0, autocast=True)
    given = {"gauntlet_search": "gumbel", "gauntlet_temperature": 1.0, "gauntlet_autocast": True}
    assert play(gauntlet_simulations=8, **given) == wanted


def test_a_search_without_simulations_fails_the_job(tmp_path: Path) -> None:
    """The contradiction is reported; policy play does not stand in for it."""
    (message,) = messages_of(search_plan(tiny_checkpoint(tmp_path / "candidate.pth"), 0).job())
    assert isinstance(message, JobFailed)
    assert message.code == "internal"
    assert "at least 1" in message.reason


def test_warming_twice_compiles_and_says_nothing() -> None:
    """When every kernel is cached the command is silent."""
    warm()
    command = [sys.executable, "-m", "play.games.ringrift.warm"]
    assert subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout == ""
