"""What single stacks and markers contribute to the heuristic's terms, and how the seats' values are compared (section 23.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.boards import Board
from play.games.ringrift.codes import COLLAPSED, LPS_SEAT, LPS_STREAK, MARKER, STACK
from play.games.ringrift.heuristic_codes import (
    BLOCKED,
    OVERTAKE,
    S_ACTIONS,
    S_CAPS,
    S_CENTRE,
    S_CONNECTED,
    S_HEIGHT,
    S_LINE,
    S_MOBILE,
    S_SAFETY,
    S_USABLE,
    THREATS,
    VULNERABILITY,
)
from play.games.ringrift.jit import inner_kernel
from play.games.ringrift.recovery import eligible
from play.games.ringrift.state import State


@inner_kernel
def usable(board: Board, game: State, cell: int, other: int, hostile_only: int) -> bool:
    """Whether a stack's neighbour cell is free, or holds a stack it may capture (of seat `hostile_only`, if not -1)."""
    if game.kind[other] == COLLAPSED:
        return False
    if game.kind[other] != STACK:
        return True
    wanted = hostile_only < 0 or int(game.owner[other]) == hostile_only
    return bool(wanted and game.cap[cell] >= game.cap[other])


@inner_kernel
def add_stack(board: Board, game: State, cell: int, seat: int, sums: NDArray[np.float64]) -> None:
    """Add what one stack contributes to its controller's sums."""
    owner = int(game.owner[cell])
    height = float(game.height[cell])
    sums[owner, S_HEIGHT] += height if height <= 5 else 5 + 0.1 * (height - 5)
    sums[owner, S_CAPS] += game.cap[cell]
    if board.centre[cell]:
        sums[owner, S_CENTRE] += 1
    open_cells = 0
    for direction in range(board.directions):
        other = int(board.step[cell, direction])
        if usable(board, game, cell, other, -1):
            open_cells += 1
        if usable(board, game, cell, other, -1 if owner == seat else seat):
            sums[owner, S_USABLE] += 1
    sums[owner, S_MOBILE] += open_cells if open_cells else BLOCKED
    sums[owner, S_ACTIONS] += open_cells > 0


@inner_kernel
def add_marker(board: Board, game: State, cell: int, sums: NDArray[np.float64]) -> None:
    """Add what one marker contributes to its owner's sums: lines begun, neighbours, nearness of enemy stacks."""
    owner = int(game.owner[cell])
    for direction in range(board.directions):
        one = int(board.step[cell, direction])
        two = int(board.step[one, direction])
        three = int(board.step[two, direction])
        own_one = game.kind[one] == MARKER and game.owner[one] == owner
        own_two = game.kind[two] == MARKER and game.owner[two] == owner
        own_three = game.kind[three] == MARKER and game.owner[three] == owner
        if own_one:
            sums[owner, S_CONNECTED] += 1
            sums[owner, S_LINE] += 1 + (2 if own_two else 0) + (5 if own_two and own_three else 0)
        elif own_two and game.kind[one] != STACK and game.kind[one] != COLLAPSED:
            sums[owner, S_CONNECTED] += 0.5
    nearest = 3
    for other in range(board.cells):
        if game.kind[other] == STACK and game.owner[other] != owner:
            nearest = min(nearest, int(board.apart[cell, other]))
    sums[owner, S_SAFETY] -= 3 - nearest


@inner_kernel
def closure(board: Board, game: State, seat: int) -> float:
    """How close together a seat's first ten markers are, and how many it has; 0 with fewer than two."""
    if game.markers[seat] < 2:
        return 0.0
    total, pairs, seen = 0, 0, 0
    for a in range(board.cells):
        if game.kind[a] != MARKER or game.owner[a] != seat or seen >= 10:
            continue
        seen += 1
        later = seen
        for b in range(a + 1, board.cells):
            if game.kind[b] == MARKER and game.owner[b] == seat and later < 10:
                later += 1
                total += int(board.apart[a, b])
                pairs += 1
    return 10.0 / max(1.0, total / max(pairs, 1)) + 0.5 * float(game.markers[seat])


@inner_kernel
def sight(board: Board, game: State, seat: int, terms: NDArray[np.float64]) -> None:
    """Threats next to a seat's stacks, and the first stack along every ray: overtaken by it, or overtaking it."""
    for cell in range(board.cells):
        if game.kind[cell] != STACK or game.owner[cell] != seat:
            continue
        own = float(game.cap[cell])
        for direction in range(board.directions):
            other = int(board.step[cell, direction])
            distance = 1
            while other != board.cells and game.kind[other] != STACK:
                other = int(board.step[other, direction])
                distance += 1
            if other == board.cells or game.owner[other] == seat:
                continue
            lead = own - float(game.cap[other])
            if distance == 1:
                terms[THREATS] += 0.5 * lead
            terms[VULNERABILITY if lead < 0 else OVERTAKE] += lead


@inner_kernel
def proximity(board: Board, game: State, seat: int) -> float:
    """How near a seat is to winning, 1000 at a target; the territory target is the legacy one for any number of seats."""
    needed = board.rules.lps_rounds
    rings_left = board.rules.ring_target - int(game.credit[seat])
    cells_left = board.cells // 2 + 1 - int(game.territory[seat])
    if rings_left <= 0 or cells_left <= 0:
        return 1000.0
    if int(game.turn[LPS_SEAT]) == seat and game.turn[LPS_STREAK] > 0:
        return 1000.0 * min(1.0, 0.90 + 0.09 * float(game.turn[LPS_STREAK]) / max(needed - 1, 1))
    return 50.0 / rings_left + 50.0 / cells_left


@inner_kernel
def recovery(game: State, seat: int) -> float:
    """Worth of a seat's buried rings: 8 and a likely slide (6) when it may recover now, else 0.9 for each ring buried."""
    if eligible(game, seat):
        return 14.0
    return 0.9 * float(game.on_board[seat]) if game.stacks[seat] == 0 else 0.0


@inner_kernel
def diversity(stacks: float) -> float:
    """Having no stack, or one, is dangerous; more are better."""
    if stacks < 0.5:
        return -50.0
    return -10.0 if stacks < 1.5 else 2.0 * stacks


@inner_kernel
def forced_risk(game: State, seat: int, actions: float) -> float:
    """Risk of a forced elimination: 2 minus the actions for each stack, not below 0."""
    if game.stacks[seat] == 0:
        return 0.0
    ratio = (actions + (1.0 if game.hand[seat] > 0 else 0.0)) / float(game.stacks[seat])
    return max(0.0, 2.0 - ratio)


@inner_kernel
def over_best(values: NDArray[np.float64], column: int, seat: int) -> float:
    """A seat's own value minus the best opponent's."""
    best = -1e18
    for other in range(len(values)):
        if other != seat:
            best = max(best, values[other, column])
    return float(values[seat, column] - best)


@inner_kernel
def over_average(values: NDArray[np.float64], column: int, seat: int) -> float:
    """A seat's own value minus the opponents' average."""
    total = 0.0
    for other in range(len(values)):
        total += values[other, column]
    return float(values[seat, column] - (total - values[seat, column]) / (len(values) - 1))
