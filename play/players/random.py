"""The player that moves at random."""

from __future__ import annotations

import numpy as np

from play.games.game import Game, Int64s, Moves, States
from play.players.choice import highest


class RandomPlayer:
    """Uniform over the legal moves, by each game's own random counter."""

    name = "random"

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        counts = moves.offsets[1:] - moves.offsets[:-1]
        drawn = np.repeat(game.random_rows(states, which), counts, axis=0)
        return highest((moves.rows == drawn).all(axis=1), moves.offsets)
