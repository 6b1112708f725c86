"""The turn machine (section 4): one move, what follows it, and the way to the next choice.

Public kernels for players and search: `apply_row`, `settle`, `play_row`; the legal moves are in legal.py.
"""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    ACT_CELL,
    ACTED,
    CAPTURE,
    CHAIN_CAPTURE,
    CHAIN_CELL,
    CHOOSE_LINE_OPTION,
    CHOOSE_TERRITORY_OPTION,
    CONTINUE_CAPTURE_SEGMENT,
    DECISIONS,
    ELIMINATE_RINGS,
    FORCED_ELIMINATION,
    FORCED_ELIMINATION_MOVE,
    GAME_OVER,
    LAST_ACTOR,
    LINE_PROCESSING,
    MOVE_STACK,
    MOVED,
    MOVEMENT,
    MOVER,
    MUST_CELL,
    NO_LINE_ACTION,
    NO_MOVEMENT_ACTION,
    NO_PLACEMENT_ACTION,
    NO_TERRITORY_ACTION,
    OVERTAKING_CAPTURE,
    PAY_CAP,
    PAY_RING,
    PENDING_LINE,
    PENDING_TERRITORY,
    PHASE,
    PLACE_RING,
    PLY,
    PROCESS_LINE,
    RECOVERED,
    RECOVERY_SLIDE,
    RING_PLACEMENT,
    SKIP_CAPTURE,
    SKIP_PLACEMENT,
    SKIP_RECOVERY,
    SKIP_TERRITORY_PROCESSING,
    SWAP_SIDES,
    SWAPPED,
    TERRITORY_PROCESSING,
)
from play.games.ringrift.jit import inner_kernel
from play.games.ringrift.legal import can_capture_from, forced
from play.games.ringrift.lines import any_line, collapse_line
from play.games.ringrift.moves import (
    place,
    travel,
)
from play.games.ringrift.recovery import recover
from play.games.ringrift.state import State, eliminate_top, extract_lowest, has_rings
from play.games.ringrift.territory import any_region, claim_found
from play.games.ringrift.victory import (
    check_victory,
    record_turn_start,
    try_last_standing,
)


@inner_kernel
def eliminate(game: State, cell: int, pay: int) -> None:
    """Take from a stack what is to be paid (9.4, 10.6, 11.2)."""
    if pay == PAY_RING:
        eliminate_top(game, cell, 1)
    elif pay == PAY_CAP:
        eliminate_top(game, cell, int(game.cap[cell]))
    else:
        extract_lowest(game, cell, int(game.turn[MOVER]))


@inner_kernel
def carry_out(board: Board, game: State, kind: int, source: int, target: int, aux: int) -> None:
    """What a move does to the board, leaving the turn machine where it is."""
    if kind == PLACE_RING:
        place(game, source, aux)
    elif kind == MOVE_STACK or kind == OVERTAKING_CAPTURE or kind == CONTINUE_CAPTURE_SEGMENT:
        travel(board, game, source, target, aux)
    elif kind == PROCESS_LINE or kind == CHOOSE_LINE_OPTION:
        collapse_line(board, game, source, target, aux)
    elif kind == ELIMINATE_RINGS or kind == FORCED_ELIMINATION_MOVE:
        eliminate(game, source, aux)
        game.turn[PENDING_LINE] = 0
        game.turn[PENDING_TERRITORY] = 0
    elif kind == CHOOSE_TERRITORY_OPTION:
        claim_found(board, game, source, aux)
    elif kind == RECOVERY_SLIDE:
        recover(board, game, source, target, aux)
    elif kind == SWAP_SIDES:
        game.turn[SWAPPED] = 1


@inner_kernel
def is_passive(kind: int) -> bool:
    """Whether a move changes nothing on the board and so does not count as acting (4.6)."""
    passes = kind == SKIP_PLACEMENT or kind == SKIP_CAPTURE or kind == SKIP_RECOVERY
    empty = kind == NO_PLACEMENT_ACTION or kind == NO_MOVEMENT_ACTION or kind == NO_LINE_ACTION
    return passes or empty or kind == NO_TERRITORY_ACTION or kind == SKIP_TERRITORY_PROCESSING


@inner_kernel
def to_lines(game: State) -> None:
    """Movement is over (4.3)."""
    game.turn[MUST_CELL] = -1
    game.turn[CHAIN_CELL] = -1
    game.turn[PHASE] = LINE_PROCESSING


@inner_kernel
def lines_done(board: Board, game: State) -> None:
    """On to territory, or to forced elimination if nothing was done and nothing can be claimed (4.3)."""
    idle = not game.turn[ACTED] and game.stacks[game.turn[MOVER]] > 0
    if idle and not any_region(board, game):
        game.turn[PHASE] = FORCED_ELIMINATION
    else:
        game.turn[PHASE] = TERRITORY_PROCESSING


@inner_kernel
def end_turn(board: Board, game: State) -> None:
    """Pass the turn to the next seat that has rings (4.5)."""
    turn = game.turn
    for field in (ACTED, RECOVERED, PENDING_LINE, PENDING_TERRITORY):
        turn[field] = 0
    for field in (CHAIN_CELL, MUST_CELL, ACT_CELL):
        turn[field] = -1
    turn[PHASE] = RING_PLACEMENT
    seats = board.rules.num_players
    mover = int(turn[MOVER])
    for step in range(1, seats + 1):
        seat = (mover + step) % seats
        if has_rings(game, seat):
            turn[MOVER] = seat
            record_turn_start(board, game, seat)
            try_last_standing(board, game, seat)
            return


@inner_kernel
def territory_done(board: Board, game: State) -> None:
    """End the turn, or go to forced elimination if nothing was done (4.3)."""
    if not game.turn[ACTED] and game.stacks[game.turn[MOVER]] > 0:
        game.turn[PHASE] = FORCED_ELIMINATION
        return
    check_victory(board, game)
    if game.turn[PHASE] != GAME_OVER:
        end_turn(board, game)


@inner_kernel
def after_board_move(board: Board, game: State, kind: int) -> None:
    """The phase after a plain move or a capture segment (4.3)."""
    cell = int(game.turn[ACT_CELL])
    if not can_capture_from(board, game, cell):
        to_lines(game)
    elif kind == MOVE_STACK:
        game.turn[PHASE] = CAPTURE
    else:
        game.turn[PHASE] = CHAIN_CAPTURE
        game.turn[CHAIN_CELL] = cell


@inner_kernel
def advance(board: Board, game: State, kind: int) -> None:
    """The transition table of 4.3."""
    if kind == PLACE_RING or kind == SKIP_PLACEMENT or kind == NO_PLACEMENT_ACTION:
        game.turn[PHASE] = MOVEMENT
    elif kind == MOVE_STACK or kind == OVERTAKING_CAPTURE or kind == CONTINUE_CAPTURE_SEGMENT:
        after_board_move(board, game, kind)
    elif kind == NO_MOVEMENT_ACTION or kind == SKIP_CAPTURE or kind == RECOVERY_SLIDE or kind == SKIP_RECOVERY:
        to_lines(game)
    elif kind == PROCESS_LINE or kind == CHOOSE_LINE_OPTION:
        if not game.turn[PENDING_LINE] and not any_line(board, game):
            lines_done(board, game)
    elif kind == NO_LINE_ACTION:
        lines_done(board, game)
    elif kind == ELIMINATE_RINGS:
        if game.turn[PHASE] == TERRITORY_PROCESSING and not any_region(board, game):
            territory_done(board, game)
    elif kind == SKIP_TERRITORY_PROCESSING or kind == NO_TERRITORY_ACTION:
        territory_done(board, game)
    elif kind == FORCED_ELIMINATION_MOVE:
        end_turn(board, game)


@inner_kernel
def conclude(board: Board, game: State, kind: int) -> None:
    """Everything after a move's effect: flags, next phase, victory (4.3, 4.6)."""
    turn = game.turn
    if not is_passive(kind):
        turn[ACTED] = 1
    turn[LAST_ACTOR] = turn[MOVER]
    turn[MOVED] |= 1 << int(turn[MOVER])
    advance(board, game, kind)
    check_victory(board, game)
    turn[PLY] += 1


@inner_kernel
def apply_row(board: Board, game: State, row: NDArray[np.int16]) -> None:
    """Play one recorded move, which must be legal; bookkeeping that follows is not played."""
    kind = int(row[0])
    carry_out(board, game, kind, int(row[1]), int(row[2]), int(row[3]))
    conclude(board, game, kind)


@inner_kernel
def settle(board: Board, game: State) -> None:
    """Play forced bookkeeping up to the next choice, or the end."""
    while game.turn[PHASE] != GAME_OVER:
        kind = forced(board, game)
        if kind < 0:
            return
        conclude(board, game, kind)


@inner_kernel
def play_row(board: Board, game: State, row: NDArray[np.int16]) -> None:
    """One decision: the move, and the forced bookkeeping after it."""
    game.turn[DECISIONS] += 1
    apply_row(board, game, row)
    settle(board, game)
