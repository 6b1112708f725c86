"""The published check holds every game to the seam's promises, and notices each one that is broken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from play.games.conformance import BrokenPromiseError, check_game
from play.games.game import Moves
from play.games.registry import BOARD_TYPES, PLAYER_COUNTS, get_game
from tests.kit.noughts import Boards, Noughts

LARGE = ("square19", "hexagonal")


@pytest.mark.parametrize("num_players", PLAYER_COUNTS)
@pytest.mark.parametrize("board_type", BOARD_TYPES)
def test_ringrift_keeps_every_promise(board_type: str, num_players: int) -> None:
    """On every board, with every number of players."""
    check_game(get_game(board_type, num_players), seeds=range(3), decisions=12 if board_type in LARGE else 60)


def test_a_whole_game_is_held_to_its_end() -> None:
    """From the first decision to the scores."""
    check_game(get_game("hex8", 2), seeds=range(4))


def test_another_game_keeps_every_promise() -> None:
    """The seam is no game's own."""
    check_game(Noughts(), seeds=range(20))


def broken(**methods: Any) -> Noughts:
    """The second game with some methods broken."""
    return type("Broken", (Noughts,), methods)()  # type: ignore[no-any-return]


def no_moves(self: Noughts, states: Boards, which: Any) -> Moves:
    """Nothing is legal."""
    return Moves(np.zeros((0, 4), np.int16), np.zeros(len(which) + 1, np.int64))


def shared_copy(self: Noughts, states: Boards, which: Any) -> Boards:
    """No copy at all where every game is asked for."""
    return states if len(which) == len(states.cells) else Boards(states.cells[which], states.counter[which])


def plays_everywhere(self: Noughts, states: Boards, which: Any, rows: Any) -> None:
    """A move that lands in every game."""
    mover = self.mover(states)
    for row in rows:
        free = states.cells[:, row[1]] < 0
        states.cells[free, row[1]] = mover[free]


def by_place(self: Noughts, seeds: Any) -> Boards:
    """Games by their place in the batch."""
    return Boards(np.full((len(seeds), 9), -1, np.int8), np.arange(len(seeds)) * 77_777_777)


BROKEN = [
    ("mover is -1 exactly where", broken(mover=lambda self, states: np.zeros(len(states.cells), np.int8))),
    ("mover is a seat", broken(mover=lambda self, states: np.where(self.over(states), -1, 5).astype(np.int8))),
    ("over: bool", broken(over=lambda self, states: np.zeros(1, np.int8))),
    ("legal_moves is never empty", broken(legal_moves=no_moves)),
    ("actions are distinct", broken(actions=lambda self, states, which, moves: np.zeros(len(moves.rows), np.int64))),
    ("actions lie in", broken(actions=lambda self, states, which, moves: moves.rows[:, 1].astype(np.int64) + 9)),
    ("observe: float32", broken(observe=lambda self, states, which: np.zeros((len(which), 1, 3, 3), np.float32))),
    ("observations are finite", broken(observe=lambda self, states, which: np.full((len(which), 2, 3, 3), np.nan, np.float32))),
    ("draws: float64", broken(draws=lambda self, states, which: np.full(len(which), 1.5))),
    ("draws move the counter", broken(draws=lambda self, states, which: np.full(len(which), 0.25))),
    ("random_rows draws legal", broken(random_rows=lambda self, states, which: np.full((len(which), 4), 9, np.int16))),
    ("copy is independent", broken(copy=shared_copy)),
    ("apply changes the named games alone", broken(apply=plays_everywhere)),
    ("describe gives a text", broken(describe=lambda self, states, index, row: "")),
    ("sum to parity", broken(scores=lambda self, states, which: np.ones((len(which), 2)))),
    ("scores lie in", broken(scores=lambda self, states, which: np.tile([2.0, -1.0], (len(which), 1)))),
    ("not on its place", broken(new=by_place)),
]  # fmt: skip


@pytest.mark.parametrize(("promise", "game"), BROKEN, ids=[promise for promise, _ in BROKEN])
def test_each_broken_promise_is_noticed(promise: str, game: Noughts) -> None:
    """The text names the promise."""
    with pytest.raises(BrokenPromiseError, match=promise):
        check_game(game, seeds=range(8))
