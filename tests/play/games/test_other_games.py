"""Games beside RingRift: OpenSpiel's and those of other packages keep the seam's promises, and what does not fit is refused."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from play.arena import Arena
from play.games.conformance import check_game
from play.games.drawing import Drawn, plain
from play.games.positions import PositionGame
from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.network import NetworkEvaluator
from play.players.network import NetworkPlayer
from play.players.random import RandomPlayer
from play.players.registry import make_opponent
from play.players.search import SearchPlayer
from play.record import GameRecord
from play.replay import replay, steps
from play.schedule import plan_games
from shared.contract.configuration import Configuration
from tests.docs.commands import programs
from tests.house.tree import ROOT

pytest.importorskip("pyspiel", reason="needs the extra openspiel")
HEX = "openspiel:hex(board_size=5)"
GAMES = [
    (HEX, 2), ("openspiel:tic_tac_toe", 2), ("openspiel:connect_four", 2), ("openspiel:go(board_size=5,komi=6.5)", 2),
    ("openspiel:othello", 2), ("openspiel:chess", 2), ("openspiel:chinese_checkers(players=3)", 3),
]  # fmt: skip


@pytest.mark.parametrize(("board_type", "players"), GAMES)
def test_openspiels_games_keep_every_promise(board_type: str, players: int) -> None:
    """Two seats and more, boards and heaps."""
    check_game(get_game(board_type, players), seeds=range(4), decisions=40)


@pytest.mark.parametrize(
    ("board_type", "players", "said"),
    [
        ("openspiel:backgammon", 2, "it leaves something to chance"),
        ("openspiel:kuhn_poker", 2, "something in it is hidden"),
        ("openspiel:matching_pennies_3p", 3, "its seats move at the same time"),
        ("openspiel:hex", 3, "it has 2 seats"),
        ("openspiel:none_such", 2, "OpenSpiel has no game 'none_such'"),
        ("openspiel:hex(board_size=0)", 2, "from 1 to 100000"),
        ("openspiel:havannah(board_size=100000)", 2, "from 1 to 100000"),
        ("nobody:hex", 2, "there are no games 'nobody'"),
        ("hex9", 2, "unknown board type 'hex9'"),
    ],
)
def test_what_does_not_fit_is_refused(board_type: str, players: int, said: str) -> None:
    """With the reason, before anything of it is built."""
    with pytest.raises(ValueError, match=said):
        get_game(board_type, players)


def test_a_profile_is_ringrifts() -> None:
    """Another game has one reading of its rules."""
    with pytest.raises(ValueError, match="has no profile 'strict'"):
        get_game(HEX, 2, "strict")


def test_games_are_played_recorded_and_replayed() -> None:
    """A network, alone and with search, plays whole games, which replay to their results and are drawn as OpenSpiel prints them."""
    game = get_game(HEX, 2)
    evaluator = NetworkEvaluator(build_network("resnet", {"blocks": 1, "channels": 4}, game).eval(), game)
    for player in (NetworkPlayer(evaluator), SearchPlayer(evaluator, 4)):
        arena = Arena(game, player, RandomPlayer(), plan_games(5, "random", 4, 2), opening_plies=2)
        for each in (each for ended in arena.play(4) for each in ended):
            scores = replay(game, each)
            assert scores is not None
            assert sum(scores) == 1
            record = GameRecord.of(each, UUID(int=1), Configuration(HEX, 2), "canonical")
            assert GameRecord.model_validate_json(record.model_dump_json()) == record
            last = list(steps(game, each))[-1]
            assert isinstance(game, Drawn)
            assert "O" in plain(game.draw(last.states, 0, last.row)).upper()


def test_there_is_no_heuristic_player() -> None:
    """Whoever asks for one is told."""
    with pytest.raises(ValueError, match="has no heuristic player"):
        make_opponent("heuristic", get_game(HEX, 2), RandomPlayer)


def test_scores_are_the_share_of_seats_outranked() -> None:
    """Whatever the returns are; ties count half."""

    class Over:
        """A game of three seats that has ended."""

        def __init__(self, returns: list[float]) -> None:
            self.returned = returns

        def mover(self) -> int:
            """Nobody."""
            return -1

        def returns(self) -> list[float]:
            """What was given."""
            return self.returned

    cases: Any = (([5, 1, 1], [1, 0.25, 0.25]), ([0, 0, 0], [0.5, 0.5, 0.5]), ([-1, 7, 3], [0, 1, 0.5]))
    for returns, scores in cases:
        start: Any = partial(Over, returns)
        size: Any = {"actions": 1, "observation_shape": (1, 1, 1), "max_decisions": 1}
        game = PositionGame("t:t", 3, start, rules_version="t", **size)
        assert game.scores(game.new(np.zeros(1, np.int64)), np.zeros(1, np.int64)).tolist() == [scores]


def test_another_package_adds_its_games(tmp_path: Path) -> None:
    """The game of docs/games.md, announced as the page says, is found by its board type; nothing here is changed."""
    (tmp_path / "my_games.py").write_text(programs("docs/games.md")[0].text)
    about = tmp_path / "my_games-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: my_games\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ringrift.games]\nmine = my_games:FAMILY\n")
    code = "from play.games.registry import get_game; print(get_game('mine:stones', 2).rules_version); get_game('mine:stones', 3)"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
    )  # fmt: skip
    assert ended.stdout == "stones 1\n", ended.stderr
    assert "there is no mine:stones for 3" in ended.stderr


def test_the_page_s_game_is_short() -> None:
    """A game of one's own, with its check and games between random players, takes less than sixty lines."""
    assert len(programs("docs/games.md")[0].text.splitlines()) < 60
