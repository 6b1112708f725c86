"""Recovery (section 12): how a seat without stacks, but with markers and buried rings, comes back."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    COLLAPSED,
    EMPTY,
    EXTRACTION_STEP,
    MARKER,
    MOVER,
    RECOVER_OPEN,
    RECOVER_WHOLE,
    RECOVER_WINDOW,
    RECOVERED,
    RECOVERY_SLIDE,
    SKIP_RECOVERY,
    STACK,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.lines import ahead, run_beyond
from play.games.ringrift.mobility import emit
from play.games.ringrift.stacks import lowest_of
from play.games.ringrift.state import (
    State,
    collapse,
    eliminate_top,
    extract_lowest,
    put_marker,
    remove_marker,
)


@leaf_kernel
def eligible(game: State, seat: int) -> bool:
    """Whether a seat may recover (3.4); without a stack of its own all its rings on the board are buried."""
    return bool(game.stacks[seat] == 0 and game.markers[seat] > 0 and game.on_board[seat] > 0)


@inner_kernel
def line_axis(board: Board, game: State, cell: int, seat: int) -> int:
    """The first axis on which a marker of a seat on this cell stands in a line; -1 if none (12.3)."""
    for axis in range(board.axes):
        before = run_beyond(board, game, cell, axis + board.axes, seat)
        if before + 1 + run_beyond(board, game, cell, axis, seat) >= board.rules.line_length:
            return axis
    return -1


@inner_kernel
def emit_slide(
    board: Board, game: State, rows: NDArray[np.int16], count: int, source: int, target: int, option: int
) -> int:
    """Write one slide; where the player chooses what pays, one for each stack that could."""
    if not board.rules.player_extracts or option >= RECOVER_WINDOW:
        return emit(rows, count, RECOVERY_SLIDE, source, target, option)
    seat = int(game.turn[MOVER])
    for cell in range(board.cells):
        if game.kind[cell] == STACK and lowest_of(int(game.rings[cell]), int(game.height[cell]), seat) >= 0:
            aux = option + EXTRACTION_STEP * (cell + 1)
            count = emit(rows, count, RECOVERY_SLIDE, source, target, aux)
    return count


@inner_kernel
def write_line_slide(board: Board, game: State, rows: NDArray[np.int16], count: int, source: int, target: int) -> int:
    """Write the options of a slide to an empty cell that makes a line there (12.2), if it does; the window that begins
    the earliest comes first."""
    seat = int(game.turn[MOVER])
    remove_marker(game, source)
    axis = line_axis(board, game, target, seat)
    before = run_beyond(board, game, target, axis + board.axes, seat) if axis >= 0 else 0
    after = run_beyond(board, game, target, axis, seat) if axis >= 0 else 0
    put_marker(game, source, seat)
    if axis < 0:
        return count
    count = emit_slide(board, game, rows, count, source, target, RECOVER_WHOLE)
    needed = board.rules.line_length
    if before + 1 + after > needed:
        for back in range(min(before, needed - 1), max(0, needed - 1 - after) - 1, -1):
            count = emit_slide(board, game, rows, count, source, target, RECOVER_WINDOW + back)
    return count


@inner_kernel
def write_slides(board: Board, game: State, lines: bool, rows: NDArray[np.int16], count: int) -> int:
    """Write the line slides, or else the fallback slides and stack strikes, of the mover (12.2)."""
    seat = int(game.turn[MOVER])
    for source in range(board.cells):
        if game.kind[source] != MARKER or game.owner[source] != seat:
            continue
        for direction in range(board.directions):
            target = int(board.step[source, direction])
            if game.kind[target] == COLLAPSED or game.kind[target] == MARKER:
                continue
            if not lines:
                count = emit_slide(board, game, rows, count, source, target, RECOVER_OPEN)
            elif game.kind[target] == EMPTY:
                count = write_line_slide(board, game, rows, count, source, target)
    return count


@inner_kernel
def write_recovery(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write all moves of a mover who may recover (12.1)."""
    slides = write_slides(board, game, True, rows, count)
    if slides == count:
        slides = write_slides(board, game, False, rows, count)
    return emit(rows, slides, SKIP_RECOVERY, 0, 0, 0)


@inner_kernel
def first_extraction(board: Board, game: State, seat: int) -> int:
    """The stack the engine lets pay: of those with a ring of the seat, the one that came first; -1 if none."""
    best = -1
    for cell in range(board.cells):
        if game.kind[cell] != STACK or lowest_of(int(game.rings[cell]), int(game.height[cell]), seat) < 0:
            continue
        if best < 0 or game.born[cell] < game.born[best]:
            best = cell
    return best


@inner_kernel
def collapse_recovered(board: Board, game: State, target: int, option: int, seat: int) -> None:
    """Collapse the line a slide made, or a window of it (12.3)."""
    axis = line_axis(board, game, target, seat)
    back = run_beyond(board, game, target, axis + board.axes, seat)
    length = back + 1 + run_beyond(board, game, target, axis, seat)
    if option >= RECOVER_WINDOW:
        back = option - RECOVER_WINDOW
        length = board.rules.line_length
    at = ahead(board, target, axis + board.axes, back)
    for _ in range(length):
        collapse(game, at, seat)
        at = int(board.step[at, axis])


@inner_kernel
def recover(board: Board, game: State, source: int, target: int, aux: int) -> None:
    """Carry out a recovery slide (12.3)."""
    seat = int(game.turn[MOVER])
    option = aux % EXTRACTION_STEP
    payer = aux // EXTRACTION_STEP - 1
    if payer < 0:
        payer = first_extraction(board, game, seat)
    remove_marker(game, source)
    if game.kind[target] == STACK:
        eliminate_top(game, target, 1)
    else:
        put_marker(game, target, seat)
    if option != RECOVER_OPEN:
        collapse_recovered(board, game, target, option, seat)
    if option < RECOVER_WINDOW and payer >= 0:
        extract_lowest(game, payer, seat)
    game.turn[RECOVERED] = 1
