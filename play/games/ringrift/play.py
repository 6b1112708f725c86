"""Random games from start to end, for benchmarks and smoke tests."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from play.games.game import Int64s
from play.games.ringrift.batch import random_playouts
from play.games.ringrift.codes import DECISIONS, PLY, WINNER
from play.games.ringrift.engine import RingRift


class Playouts(NamedTuple):
    """What came of B random games."""

    games: int
    plies: int  # records, bookkeeping included, of all games together
    decisions: int
    winners: NDArray[np.int64]  # [B] 0-based seat; -1 where the decision cap was reached


def play_random(game: RingRift, seeds: Int64s) -> Playouts:
    """Play one random game for each seed to its end or the decision cap."""
    states = game.start(seeds)
    random_playouts(game.board, states, game.max_decisions)
    turn = states.turn
    return Playouts(len(turn), int(turn[:, PLY].sum()), int(turn[:, DECISIONS].sum()), turn[:, WINNER].copy())
