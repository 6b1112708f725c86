"""The legal moves of each phase (section 4.2). Public kernels: `legal_into` and `forced`."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    ACT_CELL,
    CAPTURE,
    CHAIN_CAPTURE,
    CHAIN_CELL,
    CONTINUE_CAPTURE_SEGMENT,
    ELIMINATE_RINGS,
    FORCED_ELIMINATION,
    FORCED_ELIMINATION_MOVE,
    LINE_PROCESSING,
    MOVED,
    MOVEMENT,
    MOVER,
    MUST_CELL,
    NO_LINE_ACTION,
    NO_MOVEMENT_ACTION,
    NO_PLACEMENT_ACTION,
    NO_TERRITORY_ACTION,
    OVERTAKING_CAPTURE,
    PAY_BURIED,
    PAY_CAP,
    PAY_RING,
    PENDING_LINE,
    PENDING_TERRITORY,
    PHASE,
    RECOVERED,
    RING_PLACEMENT,
    SKIP_CAPTURE,
    SKIP_PLACEMENT,
    SKIP_TERRITORY_PROCESSING,
    STACK,
    SWAP_SIDES,
    SWAPPED,
    TERRITORY_PROCESSING,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.lines import any_line, write_lines
from play.games.ringrift.mobility import ANY, CAPTURES, any_mobile, emit, stack_mobile, write_moves
from play.games.ringrift.moves import (
    any_placement,
    can_skip_placement,
    write_placements,
)
from play.games.ringrift.recovery import eligible, write_recovery
from play.games.ringrift.state import State
from play.games.ringrift.territory import any_region, payable, write_regions
from play.games.ringrift.victory import (
    real_action,
)


@leaf_kernel
def can_swap(board: Board, game: State) -> bool:
    """Whether seat 2 may take over seat 1's side (section 13)."""
    first_moved_only = game.turn[MOVED] == 1
    return bool(board.rules.swap and game.turn[MOVER] == 1 and first_moved_only and not game.turn[SWAPPED])


@inner_kernel
def can_move(board: Board, game: State) -> bool:
    """Whether the mover has a plain move or capture, on the stack that must move if there is one (4.4)."""
    must = int(game.turn[MUST_CELL])
    if must < 0:
        return any_mobile(board, game, int(game.turn[MOVER]), ANY)
    return bool(game.owner[must] == game.turn[MOVER]) and stack_mobile(board, game, must, ANY)


@inner_kernel
def can_capture_from(board: Board, game: State, cell: int) -> bool:
    """Whether the stack on a cell is the mover's and has a capture segment (`caps` of 4.3)."""
    if game.kind[cell] != STACK or game.owner[cell] != game.turn[MOVER]:
        return False
    return stack_mobile(board, game, cell, CAPTURES)


@inner_kernel
def forced(board: Board, game: State) -> int:
    """The bookkeeping move that is the only one in this phase; -1 if there is a choice to make (4.2)."""
    phase = game.turn[PHASE]
    if phase == RING_PLACEMENT:
        seat = int(game.turn[MOVER])
        free = any_placement(board, game, seat) or can_skip_placement(board, game) or can_swap(board, game)
        return -1 if free else NO_PLACEMENT_ACTION
    if phase == MOVEMENT:
        free = eligible(game, int(game.turn[MOVER])) or can_move(board, game)
        return -1 if free else NO_MOVEMENT_ACTION
    if phase == LINE_PROCESSING:
        free = bool(game.turn[PENDING_LINE]) or any_line(board, game)
        return -1 if free else NO_LINE_ACTION
    if phase == TERRITORY_PROCESSING:
        free = bool(game.turn[PENDING_TERRITORY]) or any_region(board, game)
        return -1 if free else NO_TERRITORY_ACTION
    return -1


@inner_kernel
def write_payments(board: Board, game: State, pay: int, rows: NDArray[np.int16], count: int) -> int:
    """Write an elimination for every stack that can pay (9.4, 10.6)."""
    for cell in range(board.cells):
        own = game.kind[cell] == STACK and game.owner[cell] == game.turn[MOVER]
        if own if pay == PAY_RING else payable(game, cell):
            count = emit(rows, count, ELIMINATE_RINGS, cell, cell, pay)
    return count


@inner_kernel
def write_forced_eliminations(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write the forced eliminations; only the oldest stack's where the options are withheld (11.2, 11.3)."""
    seat = int(game.turn[MOVER])
    withheld = bool(board.rules.probe_at_height) and real_action(board, game, seat)
    oldest = -1
    for cell in range(board.cells):
        if game.kind[cell] != STACK or game.owner[cell] != seat:
            continue
        if oldest < 0 or game.born[cell] < game.born[oldest]:
            oldest = cell
        if not withheld:
            count = emit(rows, count, FORCED_ELIMINATION_MOVE, cell, cell, PAY_CAP)
    if withheld and oldest >= 0:
        count = emit(rows, count, FORCED_ELIMINATION_MOVE, oldest, oldest, PAY_CAP)
    return count


@inner_kernel
def write_movement(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write the moves of the movement phase (4.2)."""
    seat = int(game.turn[MOVER])
    if eligible(game, seat):
        return write_recovery(board, game, rows, count)
    must = int(game.turn[MUST_CELL])
    for cell in range(board.cells):
        if game.kind[cell] == STACK and game.owner[cell] == seat and (must < 0 or must == cell):
            count = write_moves(board, game, cell, True, OVERTAKING_CAPTURE, rows, count)
    return count


@inner_kernel
def write_choices(board: Board, game: State, rows: NDArray[np.int16]) -> int:
    """Write the interactive moves of the present phase (4.2); how many."""
    turn = game.turn
    phase = turn[PHASE]
    count = 0
    if phase == RING_PLACEMENT:
        count = write_placements(board, game, rows, count)
        if can_skip_placement(board, game):
            count = emit(rows, count, SKIP_PLACEMENT, 0, 0, 0)
        if can_swap(board, game):
            count = emit(rows, count, SWAP_SIDES, 0, 0, 0)
    elif phase == MOVEMENT:
        count = write_movement(board, game, rows, count)
    elif phase == CAPTURE:
        if can_capture_from(board, game, int(turn[ACT_CELL])):
            count = write_moves(board, game, int(turn[ACT_CELL]), False, OVERTAKING_CAPTURE, rows, count)
        count = emit(rows, count, SKIP_CAPTURE, 0, 0, 0)
    elif phase == CHAIN_CAPTURE:
        count = write_moves(board, game, int(turn[CHAIN_CELL]), False, CONTINUE_CAPTURE_SEGMENT, rows, count)
    elif phase == LINE_PROCESSING:
        if turn[PENDING_LINE]:
            return write_payments(board, game, PAY_RING, rows, count)
        count = write_lines(board, game, rows, count)
    elif phase == TERRITORY_PROCESSING:
        if turn[PENDING_TERRITORY]:
            return write_payments(board, game, PAY_BURIED if turn[RECOVERED] else PAY_CAP, rows, count)
        count = write_regions(board, game, rows, count)
        if count > 0:
            count = emit(rows, count, SKIP_TERRITORY_PROCESSING, 0, 0, 0)
    elif phase == FORCED_ELIMINATION:
        count = write_forced_eliminations(board, game, rows, count)
    return count


@inner_kernel
def legal_into(board: Board, game: State, rows: NDArray[np.int16]) -> int:
    """Write every legal move, bookkeeping included, to rows[board.max_moves, 4]; how many (0 when over)."""
    count = write_choices(board, game, rows)
    if count == 0:
        kind = forced(board, game)
        if kind >= 0:
            count = emit(rows, count, kind, 0, 0, 0)
    return count
