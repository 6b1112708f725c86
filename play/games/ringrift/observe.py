"""What a network sees of a game: planes over the width * width grid, float32, from the mover's point of view.

Seats are relative: 0 is the mover, 1 the next seat, and so on. With n seats, in this order (`plane_names`):

    n   stack controlled by the seat (0 or 1)
    1   height of the stack / width          1   cap of the stack / width
    n   rings of the seat in the stack / its height
    n   marker of the seat                    n   cell collapsed to the seat
    1   on the board                          1   the cell that must move, chains or has just moved
    n   rings in hand / R                     n   credit / V                 n   territory / T_min
    7   phase, one-hot                        2   a line, a region is to be paid
    2   has acted, has recovered this turn    n   length of the seat's last-player-standing streak / rounds needed

The last five rows are constant over the board and zero off it.
"""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    ACT_CELL,
    ACTED,
    CAPTURE,
    CHAIN_CELL,
    COLLAPSED,
    GAME_OVER,
    LPS_SEAT,
    LPS_STREAK,
    MARKER,
    MOVER,
    MUST_CELL,
    PENDING_LINE,
    PENDING_TERRITORY,
    PHASE,
    PHASE_NAMES,
    RECOVERED,
    STACK,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.state import State


def plane_names(num_players: int) -> list[str]:
    """The name of every plane in order."""

    def each(name: str) -> list[str]:
        return [f"{name}_{seat}" for seat in range(num_players)]

    cells = each("stack") + ["height", "cap"] + each("rings") + each("marker") + each("collapsed")
    facts = each("hand") + each("credit") + each("territory") + [f"phase_{name}" for name in PHASE_NAMES[:-1]]
    flags = ["pending_line", "pending_territory", "acted", "recovered"]
    return cells + ["on_board", "focus"] + facts + flags + each("lps_streak")


@inner_kernel
def observe_stack(board: Board, game: State, cell: int, planes: NDArray[np.float32]) -> None:
    """Write the planes about the stack on a cell."""
    seats = board.rules.num_players
    mover = int(game.turn[MOVER])
    at = int(board.grid[cell])
    height = int(game.height[cell])
    planes[(int(game.owner[cell]) - mover + seats) % seats, at] = 1.0
    planes[seats, at] = height / board.width
    planes[seats + 1, at] = int(game.cap[cell]) / board.width
    rings = int(game.rings[cell])
    for _ in range(height):
        planes[seats + 2 + ((rings & 3) - mover + seats) % seats, at] += 1.0 / height
        rings >>= 2


@leaf_kernel
def fill(board: Board, planes: NDArray[np.float32], plane: int, value: float) -> None:
    """Set a plane to one value on the whole board."""
    if value != 0.0:
        for cell in range(board.cells):
            planes[plane, int(board.grid[cell])] = value


@inner_kernel
def focus_cell(game: State) -> int:
    """The cell a turn is about: the chaining, just moved or placed stack; -1 if none."""
    if game.turn[CHAIN_CELL] >= 0:
        return int(game.turn[CHAIN_CELL])
    if game.turn[PHASE] == CAPTURE:
        return int(game.turn[ACT_CELL])
    return int(game.turn[MUST_CELL])


@inner_kernel
def observe_facts(board: Board, game: State, planes: NDArray[np.float32], plane: int) -> None:
    """Write the constant planes, from `plane` on."""
    rules = board.rules
    seats = rules.num_players
    turn = game.turn
    mover = int(turn[MOVER])
    for step in range(seats):
        seat = (mover + step) % seats
        fill(board, planes, plane + step, game.hand[seat] / rules.supply)
        fill(board, planes, plane + seats + step, game.credit[seat] / rules.ring_target)
        fill(board, planes, plane + 2 * seats + step, game.territory[seat] / rules.territory_minimum)
    plane += 3 * seats
    if turn[PHASE] != GAME_OVER:
        fill(board, planes, plane + int(turn[PHASE]), 1.0)
    plane += GAME_OVER
    fill(board, planes, plane, float(turn[PENDING_LINE]))
    fill(board, planes, plane + 1, float(turn[PENDING_TERRITORY]))
    fill(board, planes, plane + 2, float(turn[ACTED]))
    fill(board, planes, plane + 3, float(turn[RECOVERED]))
    if turn[LPS_SEAT] >= 0:
        step = (int(turn[LPS_SEAT]) - mover + seats) % seats
        fill(board, planes, plane + 4 + step, turn[LPS_STREAK] / rules.lps_rounds)


@inner_kernel
def observe_into(board: Board, game: State, planes: NDArray[np.float32]) -> None:
    """Write the observation of one live game into planes[P, width * width], which is all zero."""
    seats = board.rules.num_players
    mover = int(game.turn[MOVER])
    markers = 2 * seats + 2
    for cell in range(board.cells):
        kind = int(game.kind[cell])
        step = (int(game.owner[cell]) - mover + seats) % seats
        if kind == STACK:
            observe_stack(board, game, cell, planes)
        elif kind == MARKER:
            planes[markers + step, int(board.grid[cell])] = 1.0
        elif kind == COLLAPSED:
            planes[markers + seats + step, int(board.grid[cell])] = 1.0
    on_board = markers + 2 * seats
    fill(board, planes, on_board, 1.0)
    focus = focus_cell(game)
    if focus >= 0:
        planes[on_board + 1, int(board.grid[focus])] = 1.0
    observe_facts(board, game, planes, on_board + 2)
