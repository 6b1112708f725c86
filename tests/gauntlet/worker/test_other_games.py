"""Candidates of other families' games in the gauntlet: they meet whom there is, and what cannot be played is said."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch

from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.replay import replay
from services.gauntlet.worker.job import JobFailed
from shared.contract.policy import GatePolicy
from tests.kit.checkpoints import save_checkpoint
from tests.kit.jobs import games_of, make_plan, messages_of

pytest.importorskip("pyspiel", reason="needs the extra openspiel")
BOARD = "openspiel:tic_tac_toe"


def write_model(path: Path) -> Path:
    """An untrained network for the game."""
    torch.manual_seed(1)
    game, parameters = get_game(BOARD, 2), {"hidden": 8, "layers": 1}
    network = build_network("mlp", parameters, game)
    save_checkpoint(path, network, game, "mlp", parameters, version="1", trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return path


def test_random_and_previous_are_met(tmp_path: Path) -> None:
    """There is no heuristic player, so nobody waits for its games."""
    path = write_model(tmp_path / "a.pth")
    gates = GatePolicy(games=6, random_win_rate=0.01, previous_win_rate=0.01)
    played = games_of(replace(make_plan(path, gates=gates, previous=path), board_type=BOARD))
    assert {each.opponent for each in played} == {"random", "previous"}
    assert all(replay(get_game(BOARD, 2), each) for each in played)


@pytest.mark.parametrize("board", ["openspiel:none_such", "openspiel:backgammon", "nobody:game"])
def test_a_game_that_is_not_here_fails_the_evaluation(board: str, tmp_path: Path) -> None:
    """With the reason, at once: no worker is tried again for it."""
    plan = make_plan(write_model(tmp_path / "a.pth"), gates=GatePolicy(games=2))
    [failed] = messages_of(replace(plan, board_type=board).job())
    assert isinstance(failed, JobFailed)
    assert failed.code == "model_invalid"
