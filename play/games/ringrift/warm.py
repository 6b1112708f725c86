"""Compiles every kernel of the game and its heuristic once, so that later processes load them from the cache.

Run as `python -m play.games.ringrift.warm` when an image is built and before tests. Says so when it really
compiles, and nothing when all is cached.
"""

from typing import Any

import numpy as np
from numba.core import event

from play.games.ringrift.engine import RingRift
from play.games.ringrift.heuristic import HeuristicPlayer
from play.games.ringrift.heuristic_terms import terms_of
from play.games.ringrift.play import play_random
from play.games.ringrift.trace import record_trace, verify_trace

MESSAGE = "Compiling the game engine (first run only, about a minute)"


class _Teller(event.Listener):
    """Tells the first real compilation, and no other."""

    def __init__(self) -> None:
        self._told = False

    def on_start(self, event: Any) -> None:
        if not self._told:
            print(MESSAGE, flush=True)
        self._told = True

    def on_end(self, event: Any) -> None:
        """Nothing to tell."""


def warm() -> None:
    """Go a little through every door of the engine and of the heuristic."""
    with event.install_listener("numba:compile", _Teller()):
        game = RingRift("hex8", 2)
        play_random(game, np.zeros(1, np.int64))
        _warm_heuristic(game)
        states = game.new(np.zeros(1, np.int64))
        which = np.zeros(1, np.int64)
        moves = game.legal_moves(states, which)
        game.actions(states, which, moves)
        game.observe(states, which)
        game.scores(states, which)
        game.describe(states, 0, moves.rows[0])
        game.draws(states, which)
        rows = game.random_rows(states, which)
        game.apply(states, which, rows)
        verify_trace(record_trace(game, 0, rows))


def _warm_heuristic(game: RingRift) -> None:
    """The kernels of the heuristic."""
    states = game.new(np.zeros(1, np.int64))
    which = np.zeros(1, np.int64)
    moves = game.legal_moves(states, which)
    HeuristicPlayer().choose(game, states, which, moves)
    terms_of(game.board, states, which, which)


if __name__ == "__main__":
    warm()
