"""Compiles every kernel of the game once, so that later processes load them from the cache.

Run as `python -m services.gauntlet.games.ringrift.warm` when an image is built and before tests.
"""

import numpy as np

from services.gauntlet.games.ringrift.engine import RingRift
from services.gauntlet.games.ringrift.play import play_random
from services.gauntlet.games.ringrift.trace import record_trace, verify_trace


def warm() -> None:
    """Play a little through every door of the engine."""
    game = RingRift("hex8", 2)
    play_random(game, np.zeros(1, np.int64))
    states = game.new(np.zeros(1, np.int64))
    which = np.zeros(1, np.int64)
    moves = game.legal_moves(states, which)
    game.actions(states, which, moves)
    game.observe(states, which)
    rows = game.random_rows(states, which)
    game.apply(states, which, rows)
    verify_trace(record_trace(game, 0, rows))


if __name__ == "__main__":
    warm()
