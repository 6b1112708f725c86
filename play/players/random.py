"""The player that moves at random."""

from __future__ import annotations

import numpy as np

from play.games.game import Game, Int64s, Moves, States


class RandomPlayer:
    """Uniform over the legal moves, by each game's own random counter."""

    name = "random"

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        drawn = game.random_rows(states, which)
        counts = np.diff(moves.offsets)
        same = (moves.rows == np.repeat(drawn, counts, axis=0)).all(axis=1)
        return np.array(
            [int(same[start:end].argmax()) for start, end in zip(moves.offsets, moves.offsets[1:], strict=False)]
        )
