"""The player that looks one ply ahead: it plays every legal move and takes the position that its terms value most.

Ties are broken by the game's own random counter (section 23.2).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from play.games.game import Game, Int64s, Moves, States
from play.games.ringrift.boards import Board
from play.games.ringrift.codes import GAME_OVER, MOVER, PHASE, WINNER
from play.games.ringrift.engine import RingRift
from play.games.ringrift.heuristic_codes import BALANCED, NUM_SUMS, NUM_TERMS, NUM_VALUES
from play.games.ringrift.heuristic_terms import write_terms
from play.games.ringrift.jit import kernel
from play.games.ringrift.state import State, copy_game, one, random_below
from play.games.ringrift.turn import play_row

WON = 100_000.0


@kernel
def best_moves(
    board: Board,
    state: State,
    scratch: State,
    which: NDArray[np.int64],
    rows: NDArray[np.int16],
    offsets: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> NDArray[np.int64]:
    """The place of the best move of each named game; scratch is a batch of one game to try moves in."""
    seats = board.rules.num_players
    sums = np.empty((seats, NUM_SUMS))
    values = np.empty((seats, NUM_VALUES))
    terms = np.empty(NUM_TERMS)
    chosen = np.zeros(len(which), np.int64)
    trial = one(scratch, 0)
    for index in range(len(which)):
        game = one(state, int(which[index]))
        seat = int(game.turn[MOVER])
        best, ties = -1e300, 0
        for place in range(int(offsets[index]), int(offsets[index + 1])):
            copy_game(state, int(which[index]), scratch, 0)
            play_row(board, trial, rows[place])
            if trial.turn[PHASE] == GAME_OVER:
                worth = WON if int(trial.turn[WINNER]) == seat else -WON
            else:
                write_terms(board, trial, seat, sums, values, terms)
                worth = 0.0
                for term in range(NUM_TERMS):
                    worth += weights[term] * terms[term]
            if worth > best:
                best, ties = worth, 1
                chosen[index] = place - offsets[index]
            elif worth == best:
                ties += 1
                if random_below(game, ties) == 0:
                    chosen[index] = place - offsets[index]
    return chosen


class HeuristicPlayer:
    """One ply over every legal move, with the weights `balanced` or others for the same terms."""

    def __init__(self, weights: NDArray[np.float64] = BALANCED, name: str = "heuristic") -> None:
        self._weights, self.name = np.asarray(weights, np.float64), name

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """The place of the best move for each game. TypeError for a game other than RingRift."""
        if not isinstance(game, RingRift):
            raise TypeError(f"the heuristic's terms are RingRift's; it cannot play {type(game).__name__}")
        scratch = game.start(np.zeros(1, np.int64))
        return best_moves(game.board, states, scratch, which, moves.rows, moves.offsets, self._weights)
