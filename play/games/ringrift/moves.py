"""What placing, moving and capturing do to the board (sections 6.7, 7.2, 8.2), and where rings may be placed (6)."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    ACT_CELL,
    COLLAPSED,
    EMPTY,
    MARKER,
    MOVER,
    MUST_CELL,
    PLACE_RING,
    STACK,
)
from play.games.ringrift.jit import inner_kernel, leaf_kernel
from play.games.ringrift.mobility import ANY, PROBE, any_mobile, emit, mobile
from play.games.ringrift.recovery import eligible
from play.games.ringrift.stacks import push_bottom
from play.games.ringrift.state import (
    State,
    collapse,
    eliminate_top,
    put_marker,
    remove_marker,
    set_stack,
)


@leaf_kernel
def supply_left(board: Board, game: State, seat: int) -> int:
    """Rings a seat may still place under the supply cap (6.2)."""
    return min(int(game.hand[seat]), board.rules.placement_supply - int(game.on_board[seat]))


@leaf_kernel
def admitted(board: Board, game: State, seat: int, cell: int, left: int) -> int:
    """The legal placement counts on a cell as bits 1..3 (6.3, 6.4); 0 for none."""
    if game.kind[cell] == STACK:
        cap = int(game.cap[cell]) + 1 if game.owner[cell] == seat else 1
        return 2 if mobile(board, game, cell, int(game.height[cell]) + 1, cap, ANY) else 0
    if game.kind[cell] != EMPTY:
        return 0
    counts = 0
    for count in range(min(3, left), 0, -1):
        if mobile(board, game, cell, count, count, ANY):
            if board.rules.taller_count_admits:
                return (2 << count) - 2
            counts |= 1 << count
    return counts


@inner_kernel
def any_placement(board: Board, game: State, seat: int) -> bool:
    """Whether a seat has a legal placement."""
    left = supply_left(board, game, seat)
    if left <= 0:
        return False
    for cell in range(board.cells):
        if admitted(board, game, seat, cell, left) != 0:
            return True
    return False


@inner_kernel
def write_placements(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write every legal placement of the mover."""
    seat = int(game.turn[MOVER])
    left = supply_left(board, game, seat)
    if left <= 0:
        return count
    for cell in range(board.cells):
        counts = admitted(board, game, seat, cell, left)
        for rings in range(1, 4):
            if counts >> rings & 1:
                count = emit(rows, count, PLACE_RING, cell, cell, rings)
    return count


@inner_kernel
def can_skip_placement(board: Board, game: State) -> bool:
    """Whether the mover may pass with rings in hand (6.5)."""
    seat = int(game.turn[MOVER])
    if game.hand[seat] == 0:
        return False
    if eligible(game, seat):
        return True
    return any_mobile(board, game, seat, PROBE if board.rules.probe_at_height else ANY)


@inner_kernel
def place(game: State, cell: int, count: int) -> None:
    """Put rings of the mover on top of a cell; that stack has to move this turn (6.7)."""
    seat = int(game.turn[MOVER])
    rings = int(game.rings[cell])
    for _ in range(count):
        rings = rings << 2 | seat
    game.hand[seat] -= count
    game.on_board[seat] += count
    set_stack(game, cell, rings, int(game.height[cell]) + count)
    game.turn[MUST_CELL] = cell


@inner_kernel
def fly_over(game: State, cell: int, seat: int) -> None:
    """A marker under the flight: the own one collapses, another's becomes one's own (7.2)."""
    if game.kind[cell] != MARKER:
        return
    if game.owner[cell] == seat:
        collapse(game, cell, seat)
    else:
        put_marker(game, cell, seat)


@inner_kernel
def travel(board: Board, game: State, source: int, target: int, direction: int) -> None:
    """Move the stack on `source` along a ray to `target`, capturing from the stack it flies over (7.2, 8.2)."""
    seat = int(game.turn[MOVER])
    rings = int(game.rings[source])
    height = int(game.height[source])
    set_stack(game, source, 0, 0)
    put_marker(game, source, seat)
    at = int(board.step[source, direction])
    while at != target and game.kind[at] != COLLAPSED:
        if game.kind[at] == STACK:
            rings = push_bottom(rings, height, int(game.rings[at]) & 3)
            height += 1
            set_stack(game, at, int(game.rings[at]) >> 2, int(game.height[at]) - 1)
        else:
            fly_over(game, at, seat)
        at = int(board.step[at, direction])
    costs_ring = game.kind[target] == MARKER
    remove_marker(game, target)
    set_stack(game, target, rings, height)
    if costs_ring:
        eliminate_top(game, target, 1)
    game.turn[ACT_CELL] = target
    if game.turn[MUST_CELL] == source:
        game.turn[MUST_CELL] = target
