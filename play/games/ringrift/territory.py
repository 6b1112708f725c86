"""Regions (section 10): finding those the mover can claim, and claiming one."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import (
    CHOOSE_TERRITORY_OPTION,
    COLLAPSED,
    MARKER,
    MOVER,
    PENDING_TERRITORY,
    PLAIN,
    RECOVERED,
    STACK,
)
from play.games.ringrift.jit import inner_kernel, kernel, leaf_kernel
from play.games.ringrift.mobility import emit
from play.games.ringrift.stacks import lowest_of
from play.games.ringrift.state import State, collapse, eliminate_top


@leaf_kernel
def payable(game: State, cell: int) -> bool:
    """Whether the mover could pay for a region with the stack on a cell (10.3, 10.6)."""
    if game.kind[cell] != STACK:
        return False
    seat = int(game.turn[MOVER])
    if game.turn[RECOVERED]:
        return lowest_of(int(game.rings[cell]) >> 2, int(game.height[cell]) - 1, seat) >= 0
    return bool(game.owner[cell] == seat)


@leaf_kernel
def count_payable(board: Board, game: State) -> int:
    """How many stacks could pay."""
    if not game.turn[RECOVERED]:
        return int(game.stacks[game.turn[MOVER]])
    total = 0
    for cell in range(board.cells):
        if payable(game, cell):
            total += 1
    return total


@leaf_kernel
def is_open(board: Board, game: State, cell: int, border: int) -> bool:
    """Whether a cell is no barrier in the pass of a border colour (10.2)."""
    if game.kind[cell] == COLLAPSED:
        return False
    if game.kind[cell] != MARKER:
        return True
    if border == PLAIN:
        return not board.rules.markers_block_plain_pass
    return bool(game.owner[cell] != border)


@leaf_kernel
def flood(
    board: Board, game: State, border: int, start: int, label: NDArray[np.int16], queue: NDArray[np.int16]
) -> tuple[int, int, bool]:
    """Label the component of an open cell: (controllers as bits, payable stacks inside, does a blocking marker touch).

    label: int16[C + 1], -1 where not yet labelled. queue: int16[C], scratch.
    """
    label[start] = start
    queue[0] = start
    head, tail = 0, 1
    controllers, payments, touched = 0, 0, False
    while head < tail:
        cell = int(queue[head])
        head += 1
        if game.kind[cell] == STACK:
            controllers |= 1 << int(game.owner[cell])
            if payable(game, cell):
                payments += 1
        for side in range(board.near.shape[1]):
            at = int(board.near[cell, side])
            if label[at] >= 0:
                continue
            if is_open(board, game, at, border):
                label[at] = start
                queue[tail] = at
                tail += 1
            elif game.kind[at] == MARKER:
                touched = True
    return controllers, payments, touched


@leaf_kernel
def active_colours(board: Board, game: State) -> int:
    """Colours with a ring on the board, as bits (10.1)."""
    active = 0
    for seat in range(board.rules.num_players):
        if game.on_board[seat] > 0:
            active |= 1 << seat
    return active


@leaf_kernel
def is_region(board: Board, border: int, controllers: int, active: int, touched: bool) -> bool:
    """Whether a component is a region: some active colour controls nothing inside (10.2)."""
    if border != PLAIN:
        return controllers != active
    single = controllers != 0 and controllers & (controllers - 1) == 0
    several_active = active & (active - 1) != 0
    return single and several_active and not (touched and board.rules.markers_block_plain_pass)


@inner_kernel
def found_before(board: Board, labels: NDArray[np.int16], border: int, start: int) -> bool:
    """Whether an earlier pass had a component of exactly these cells: it is then the same option (10.3)."""
    for other in range(border):
        same = True
        for cell in range(board.cells):
            if (labels[border, cell] == start) != (labels[other, cell] == start):
                same = False
                break
        if same:
            return True
    return False


@inner_kernel
def find_regions(
    board: Board,
    game: State,
    labels: NDArray[np.int16],
    queue: NDArray[np.int16],
    rows: NDArray[np.int16],
    count: int,
) -> int:
    """`write_regions` in scratch of its caller: labels int16[PLAIN + 1, C + 1], all -1; queue int16[C]."""
    total = count_payable(board, game)
    active = active_colours(board, game)
    for border in range(PLAIN + 1):
        if total == 0 or (border != PLAIN and (border >= board.rules.num_players or game.markers[border] == 0)):
            continue
        label = labels[border]
        for start in range(board.cells):
            if label[start] >= 0 or not is_open(board, game, start, border):
                continue
            controllers, inside, touched = flood(board, game, border, start, label, queue)
            if inside == total or not is_region(board, border, controllers, active, touched):
                continue
            if not found_before(board, labels, border, start):
                count = emit(rows, count, CHOOSE_TERRITORY_OPTION, start, start, border)
    return count


@kernel
def write_regions(board: Board, game: State, rows: NDArray[np.int16], count: int) -> int:
    """Write a claim for every region the mover can pay for (10.3, 10.4): one pass a marker colour, one plain."""
    labels = np.full((PLAIN + 1, board.cells + 1), -1, np.int16)
    return find_regions(board, game, labels, np.empty(board.cells, np.int16), rows, count)


@kernel
def any_region(board: Board, game: State) -> bool:
    """Whether the mover can claim a region."""
    rows = np.empty(((PLAIN + 1) * board.cells, 4), np.int16)
    return write_regions(board, game, rows, 0) > 0


@kernel
def region_label(board: Board, game: State, start: int, border: int) -> NDArray[np.int16]:
    """int16[C + 1]: `start` on the cells of its region, -1 elsewhere."""
    label = np.full(board.cells + 1, -1, np.int16)
    flood(board, game, border, start, label, np.empty(board.cells, np.int16))
    return label


@inner_kernel
def spread(board: Board, game: State, table: NDArray[np.int16], cell: int, inside: NDArray[np.int16]) -> None:
    """Mark as border (-2) the unmarked markers next to a cell, by the given adjacency."""
    for side in range(table.shape[1]):
        at = int(table[cell, side])
        if game.kind[at] == MARKER and inside[at] == -1:
            inside[at] = -2


@inner_kernel
def mark_border(board: Board, game: State, inside: NDArray[np.int16]) -> None:
    """Mark the border of a region: markers touching it, and all that are connected to those (10.5)."""
    for cell in range(board.cells):
        if inside[cell] >= 0:
            spread(board, game, board.near, cell, inside)
    size, grown = -1, 0
    while grown != size:
        size = grown
        grown = 0
        for cell in range(board.cells):
            if inside[cell] == -2:
                spread(board, game, board.grow, cell, inside)
                grown += 1


@inner_kernel
def claim(board: Board, game: State, inside: NDArray[np.int16]) -> None:
    """Claim a region for the mover (10.5). inside: int16[C + 1], >= 0 on its cells, -1 elsewhere; written to."""
    seat = int(game.turn[MOVER])
    mark_border(board, game, inside)
    for cell in range(board.cells):
        if inside[cell] >= 0 and game.kind[cell] == STACK:
            eliminate_top(game, cell, int(game.height[cell]))
    for cell in range(board.cells):
        if inside[cell] != -1:
            collapse(game, cell, seat)
    game.turn[PENDING_TERRITORY] = 1


@kernel
def claim_found(board: Board, game: State, start: int, border: int) -> None:
    """Claim the region that a pass found at its smallest cell."""
    claim(board, game, region_label(board, game, start, border))
