"""Lines of markers (section 9): finding the mover's, offering the choices, collapsing."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    CHOOSE_LINE_OPTION,
    MARKER,
    MOVER,
    PENDING_LINE,
    PROCESS_LINE,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.mobility import emit
from play.games.ringrift.state import State, collapse


@leaf_kernel
def run_beyond(board: Board, game: State, cell: int, direction: int, seat: int) -> int:
    """How many markers of a seat follow a cell without gap in a direction."""
    length = 0
    at = int(board.step[cell, direction])
    while game.kind[at] == MARKER and game.owner[at] == seat:
        length += 1
        at = int(board.step[at, direction])
    return length


@inner_kernel
def ahead(board: Board, cell: int, direction: int, steps: int) -> int:
    """The cell so many steps on."""
    for _ in range(steps):
        cell = int(board.step[cell, direction])
    return cell


@leaf_kernel
def line_from(board: Board, game: State, cell: int, axis: int) -> int:
    """The length of the mover's line that begins at a cell on an axis; 0 if none does (9.1)."""
    seat = int(game.turn[MOVER])
    if game.kind[cell] != MARKER or game.owner[cell] != seat:
        return 0
    before = int(board.step[cell, axis + board.axes])
    if game.kind[before] == MARKER and game.owner[before] == seat:
        return 0
    length = 1 + run_beyond(board, game, cell, axis, seat)
    return length if length >= board.rules.line_length else 0


@inner_kernel
def any_line(board: Board, game: State) -> bool:
    """Whether the mover has a line."""
    if game.markers[game.turn[MOVER]] < board.rules.line_length:
        return False
    for cell in range(board.cells):
        if game.kind[cell] == MARKER:
            for axis in range(board.axes):
                if line_from(board, game, cell, axis) > 0:
                    return True
    return False


@inner_kernel
def write_lines(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write the choices for every line of the mover (9.2)."""
    needed = board.rules.line_length
    for cell in range(board.cells):
        for axis in range(board.axes):
            length = line_from(board, game, cell, axis)
            if length == 0:
                continue
            last = ahead(board, cell, axis, length - 1)
            if length == needed or board.rules.process_overlength:
                count = emit(rows, count, PROCESS_LINE, cell, last, axis)
            count = emit(rows, count, CHOOSE_LINE_OPTION, cell, last, axis)
            if length > needed:
                for start in range(length - needed + 1):
                    first = ahead(board, cell, axis, start)
                    last = ahead(board, first, axis, needed - 1)
                    count = emit(rows, count, CHOOSE_LINE_OPTION, first, last, axis)
    return count


@inner_kernel
def collapse_line(board: Board, game: State, first: int, last: int, axis: int) -> None:
    """Collapse the cells from first to last; the whole of a run is paid for with a ring (9.3)."""
    seat = int(game.turn[MOVER])
    rest = run_beyond(board, game, last, axis, seat) + run_beyond(board, game, first, axis + board.axes, seat)
    at = first
    while at != last:
        collapse(game, at, seat)
        at = int(board.step[at, axis])
    collapse(game, last, seat)
    if rest == 0 and game.stacks[seat] > 0:
        game.turn[PENDING_LINE] = 1
