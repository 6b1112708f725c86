"""Where stacks can go: plain moves (7.1), capture segments (8.1), and the test whether any exists (6.4)."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import COLLAPSED, MOVE_STACK, STACK
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.state import State

# What `mobile` looks for: captures only; any move or capture; the same, with a stack exactly at distance H taken for
# a landing cell (the probe of 6.5, D6).
CAPTURES, ANY, PROBE = 0, 1, 2


@leaf_kernel
def emit(rows: NDArray[np.int16], count: int, kind: int, source: int, target: int, aux: int) -> int:
    """Write one move row; the new number of rows."""
    rows[count, 0] = kind
    rows[count, 1] = source
    rows[count, 2] = target
    rows[count, 3] = aux
    return count + 1


@leaf_kernel
def mobile(board: Board, game: State, cell: int, height: int, cap: int, what: int) -> bool:
    """Whether a stack of this height and cap on this cell could move or capture (6.4)."""
    for direction in range(board.directions):
        at = int(board.step[cell, direction])
        distance = 1
        beyond = False
        while game.kind[at] != COLLAPSED:
            if game.kind[at] == STACK:
                if what == PROBE and not beyond and distance == height:
                    return True
                if beyond or game.cap[at] > cap:
                    break
                beyond = True
            elif distance >= height and (beyond or what != CAPTURES):
                return True
            at = int(board.step[at, direction])
            distance += 1
    return False


@leaf_kernel
def stack_mobile(board: Board, game: State, cell: int, what: int) -> bool:
    """`mobile` for the stack that stands on a cell."""
    return mobile(board, game, cell, int(game.height[cell]), int(game.cap[cell]), what)


@inner_kernel
def any_mobile(board: Board, game: State, seat: int, what: int) -> bool:
    """Whether any stack of a seat is `mobile`."""
    if game.stacks[seat] == 0:
        return False
    for cell in range(board.cells):
        if game.kind[cell] == STACK and game.owner[cell] == seat and stack_mobile(board, game, cell, what):
            return True
    return False


@inner_kernel
def write_moves(
    board: Board, game: State, cell: int, plain: bool, capture: int, rows: NDArray[np.int16], count: int
) -> int:
    """Write the captures (as kind `capture`) and, if `plain`, the plain moves of the stack on a cell."""
    height = int(game.height[cell])
    cap = int(game.cap[cell])
    for direction in range(board.directions):
        at = int(board.step[cell, direction])
        distance = 1
        beyond = False
        while game.kind[at] != COLLAPSED:
            if game.kind[at] == STACK:
                if beyond or game.cap[at] > cap:
                    break
                beyond = True
            elif distance >= height and (beyond or plain):
                kind = capture if beyond else MOVE_STACK
                count = emit(rows, count, kind, cell, at, direction)
            at = int(board.step[at, direction])
            distance += 1
    return count
