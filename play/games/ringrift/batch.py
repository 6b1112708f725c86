"""The kernels called once for a whole batch: each loops over the games and calls the kernels of one game."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.actions import action_of
from play.games.ringrift.boards import Board
from play.games.ringrift.codes import DECISIONS, GAME_OVER, PHASE
from play.games.ringrift.jit import kernel
from play.games.ringrift.legal import legal_into
from play.games.ringrift.observe import observe_into
from play.games.ringrift.state import State, one, random_below
from play.games.ringrift.turn import play_row, settle


@kernel
def settle_batch(board: Board, state: State) -> None:
    """Settle every game to its next choice."""
    for index in range(len(state.turn)):
        settle(board, one(state, index))


@kernel
def legal_batch(board: Board, state: State, which: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """The legal moves of the named games end to end, and where each game's begin and end."""
    offsets = np.zeros(len(which) + 1, np.int64)
    buffer = np.empty((board.max_moves, 4), np.int16)
    rows = np.empty((64 * len(which) + board.max_moves, 4), np.int16)
    for index in range(len(which)):
        count = legal_into(board, one(state, int(which[index])), buffer)
        start = int(offsets[index])
        if start + count > len(rows):
            grown = np.empty((2 * len(rows) + count, 4), np.int16)
            grown[:start] = rows[:start]
            rows = grown
        rows[start : start + count] = buffer[:count]
        offsets[index + 1] = start + count
    return rows[: int(offsets[-1])].copy(), offsets


@kernel
def play_batch(board: Board, state: State, which: NDArray[np.int64], rows: NDArray[np.int16]) -> None:
    """Play one decision in each of the named games."""
    for index in range(len(which)):
        play_row(board, one(state, int(which[index])), rows[index])


@kernel
def random_batch(board: Board, state: State, which: NDArray[np.int64]) -> NDArray[np.int16]:
    """A uniformly drawn legal move of each of the named games."""
    buffer = np.empty((board.max_moves, 4), np.int16)
    rows = np.empty((len(which), 4), np.int16)
    for index in range(len(which)):
        game = one(state, int(which[index]))
        count = legal_into(board, game, buffer)
        rows[index] = buffer[random_below(game, count)]
    return rows


@kernel
def actions_batch(
    board: Board, state: State, which: NDArray[np.int64], rows: NDArray[np.int16], offsets: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The policy index of every move."""
    actions = np.empty(len(rows), np.int64)
    for index in range(len(which)):
        game = one(state, int(which[index]))
        for place in range(int(offsets[index]), int(offsets[index + 1])):
            actions[place] = action_of(board, game, rows[place])
    return actions


@kernel
def observe_batch(board: Board, state: State, which: NDArray[np.int64], planes: NDArray[np.float32]) -> None:
    """Write the observation of each of the named games into planes[K, P, W * W], which is all zero."""
    for index in range(len(which)):
        observe_into(board, one(state, int(which[index])), planes[index])


@kernel
def random_playouts(board: Board, state: State, limit: int) -> None:
    """Play every game to its end, or to a limit of decisions, by uniform moves."""
    buffer = np.empty((board.max_moves, 4), np.int16)
    for index in range(len(state.turn)):
        game = one(state, index)
        settle(board, game)
        while game.turn[PHASE] != GAME_OVER and game.turn[DECISIONS] < limit:
            count = legal_into(board, game, buffer)
            play_row(board, game, buffer[random_below(game, count)])
