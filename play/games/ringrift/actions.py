"""The flat policy index of a move: action = plane * width * width + grid cell, so that a convolution can compute it.

Planes, all anchored at the source cell, with D directions, A = D / 2 axes and M = width - 1 the longest distance:

    3            placement of 1, 2, 3 rings
    D * M        plain move or capture, by direction, then distance
    1            elimination, forced or not
    3 * A        line by axis, then: process; whole choice (anchored at the first cell); segment (at its first cell)
    5            region, at its smallest cell, by border seat relative to the mover (0 = own), then the plain pass
    6 * D        recovery slide by direction, then option: open, whole line, window starting 0..3 steps before
    1            pass: every skip and bookkeeping move, at the centre
    1            swap sides, at the centre

Where the player chooses what pays for a recovery (profile `strict`), those choices share an action.
"""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    CHOOSE_LINE_OPTION,
    CHOOSE_TERRITORY_OPTION,
    CONTINUE_CAPTURE_SEGMENT,
    ELIMINATE_RINGS,
    EXTRACTION_STEP,
    FORCED_ELIMINATION_MOVE,
    MOVE_STACK,
    MOVER,
    OVERTAKING_CAPTURE,
    PLACE_RING,
    PLAIN,
    PROCESS_LINE,
    RECOVERY_SLIDE,
    SWAP_SIDES,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.lines import run_beyond
from play.games.ringrift.state import State

PLACEMENT_PLANES = 3
LINE_PLANES = 3
REGION_PLANES = 5
SLIDE_PLANES = 6


@inner_kernel
def num_planes(board: Board) -> int:
    """Policy planes of a board."""
    moves = board.directions * (board.width - 1)
    lines = LINE_PLANES * board.axes
    return PLACEMENT_PLANES + moves + 1 + lines + REGION_PLANES + SLIDE_PLANES * board.directions + 2


@leaf_kernel
def distance_between(board: Board, first: int, second: int) -> int:
    """Steps between two cells of a ray (2.2)."""
    rows = abs(int(board.grid[first]) // board.width - int(board.grid[second]) // board.width)
    columns = abs(int(board.grid[first]) % board.width - int(board.grid[second]) % board.width)
    return max(rows, columns)


@leaf_kernel
def direction_to(board: Board, source: int, target: int) -> int:
    """The direction in which `target` is the next cell."""
    for direction in range(board.directions):
        if board.step[source, direction] == target:
            return direction
    return -1


@inner_kernel
def line_option(board: Board, game: State, row: NDArray[np.int16]) -> int:
    """0 process, 1 the whole line, 2 a segment of a longer one."""
    if row[0] == PROCESS_LINE:
        return 0
    first, last, axis = int(row[1]), int(row[2]), int(row[3])
    seat = int(game.turn[MOVER])
    rest = run_beyond(board, game, last, axis, seat) + run_beyond(board, game, first, axis + board.axes, seat)
    return 1 if rest == 0 else 2


@inner_kernel
def plane_of(board: Board, game: State, row: NDArray[np.int16]) -> int:
    """The policy plane of a move; the order is the module's table."""
    kind, source, target, aux = int(row[0]), int(row[1]), int(row[2]), int(row[3])
    if kind == PLACE_RING:
        return aux - 1
    plane = PLACEMENT_PLANES
    if kind == MOVE_STACK or kind == OVERTAKING_CAPTURE or kind == CONTINUE_CAPTURE_SEGMENT:
        return plane + aux * (board.width - 1) + distance_between(board, source, target) - 1
    plane += board.directions * (board.width - 1)
    if kind == ELIMINATE_RINGS or kind == FORCED_ELIMINATION_MOVE:
        return plane
    plane += 1
    if kind == PROCESS_LINE or kind == CHOOSE_LINE_OPTION:
        return plane + LINE_PLANES * aux + line_option(board, game, row)
    plane += LINE_PLANES * board.axes
    if kind == CHOOSE_TERRITORY_OPTION:
        seats = board.rules.num_players
        return plane + (aux if aux == PLAIN else (aux - int(game.turn[MOVER]) + seats) % seats)
    plane += REGION_PLANES
    if kind == RECOVERY_SLIDE:
        return plane + SLIDE_PLANES * direction_to(board, source, target) + aux % EXTRACTION_STEP
    plane += SLIDE_PLANES * board.directions
    return plane + 1 if kind == SWAP_SIDES else plane


@inner_kernel
def action_of(board: Board, game: State, row: NDArray[np.int16]) -> int:
    """The policy index of a legal move."""
    plane = plane_of(board, game, row)
    area = board.width * board.width
    passes = plane >= num_planes(board) - 2
    return plane * area + (area // 2 if passes else int(board.grid[int(row[1])]))
