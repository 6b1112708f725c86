"""Boards and rule settings as tables for kernels; built once in plain numpy, never changed.

One `Board` type serves every board and player count, so that kernels are compiled once.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BOARD_TYPES = ("hex8", "square8", "square19", "hexagonal")
PLAYER_COUNTS = (2, 3, 4)
PROFILES = ("canonical", "ref", "strict")

_SUPPLY = {"square8": 18, "square19": 72, "hex8": 18, "hexagonal": 96}
_SQUARE_SIZE = {"square8": 8, "square19": 19}
_HEX_RADIUS = {"hex8": 4, "hexagonal": 12}
_MAX_DECISIONS = {
    "square8": (600, 900, 1400),
    "hex8": (600, 900, 1400),
    "square19": (2400, 3000, 3600),
    "hexagonal": (3600, 4200, 4800),
}
# The first half are the line axes in the order of section 2.2; direction d + half is the opposite of d.
_SQUARE_STEPS = ((1, 0), (1, 1), (0, 1), (1, -1), (-1, 0), (-1, -1), (0, -1), (-1, 1))
_HEX_STEPS = ((1, 0), (1, -1), (0, -1), (-1, 0), (-1, 1), (0, 1))
_SQUARE_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))


class Rules(NamedTuple):
    """Numbers and switches of one configuration under one profile (sections 0.2 and 1); all plain integers."""

    num_players: int
    supply: int  # R, rings of a seat
    placement_supply: int  # the R used by the supply cap of 6.2
    line_length: int  # L
    ring_target: int  # V
    territory_minimum: int  # T_min
    lps_rounds: int
    swap: int  # 1: pie rule
    markers_block_plain_pass: int  # D2
    taller_count_admits: int  # D5
    probe_at_height: int  # D6, also withholds forced eliminations (11.3)
    process_overlength: int  # D3
    player_extracts: int  # D9


class Board(NamedTuple):
    """Geometry and rules of one game. Cell `cells` is the wall: off the board, collapsed, and its own neighbour."""

    cells: int  # C; the wall has this index
    directions: int  # D: 8 or 6
    axes: int  # D / 2; axis a is direction a, its opposite is a + axes
    longest: int  # cells of the longest line of the board
    width: int  # the board is drawn on a width * width grid
    max_moves: int  # rows that always suffice for one list of legal moves
    step: NDArray[np.int16]  # [C + 1, D]: the next cell in a direction, or the wall
    near: NDArray[np.int16]  # [C + 1, 4 or 6]: territory adjacency
    grow: NDArray[np.int16]  # [C + 1, 8]: border growth (2.3)
    grid: NDArray[np.int64]  # [C]: row * width + column of a cell on the grid
    apart: NDArray[np.int16]  # [C, C]: Manhattan distance; on hex boards |dz| is added
    centre: NDArray[np.bool_]  # [C]: the centre cells: square8 2x2, square19 3x3, hex8 radius 1, hexagonal radius 2
    rules: Rules


def coordinates(board_type: str) -> list[tuple[int, int]]:
    """(x, y) of every cell in index order: by y, then x (2.1)."""
    if board_type in _SQUARE_SIZE:
        size = range(_SQUARE_SIZE[board_type])
        return [(x, y) for y in size for x in size]
    radius = _HEX_RADIUS[board_type]
    span = range(-radius, radius + 1)
    return [(x, y) for y in span for x in span if abs(x + y) <= radius]


@cache
def cell_keys(board_type: str) -> tuple[str, ...]:
    """The key string of every cell: "x,y", or "x,y,z" on hex boards."""
    if board_type in _SQUARE_SIZE:
        return tuple(f"{x},{y}" for x, y in coordinates(board_type))
    return tuple(f"{x},{y},{-x - y}" for x, y in coordinates(board_type))


def make_rules(
    board_type: str,
    num_players: int,
    profile: str = "canonical",
    *,
    swap: bool = False,
    lps_rounds: int = 3,
    rings_per_player: int | None = None,
) -> Rules:
    """The settings of a game (sections 0.2, 1.2, 1.3). ValueError names the valid choices."""
    _require("board type", board_type, BOARD_TYPES)
    _require("number of players", num_players, PLAYER_COUNTS)
    _require("profile", profile, PROFILES)
    strict = profile == "strict"
    supply = _SUPPLY[board_type] if rings_per_player is None else rings_per_player
    cells = len(coordinates(board_type))
    return Rules(
        num_players=num_players,
        supply=supply,
        placement_supply=supply if strict else _SUPPLY[board_type],
        line_length=3 if board_type in ("square8", "hex8") and num_players > 2 else 4,
        ring_target=round(supply * (num_players + 1) / 3),
        territory_minimum=cells // num_players + 1,
        lps_rounds=lps_rounds,
        swap=int(swap and num_players == 2),
        markers_block_plain_pass=int(profile == "ref"),
        taller_count_admits=int(not strict),
        probe_at_height=int(not strict),
        process_overlength=int(not strict),
        player_extracts=int(strict),
    )


def _require(what: str, value: object, valid: tuple[object, ...]) -> None:
    if value not in valid:
        raise ValueError(f"unknown {what} {value!r}: choose one of {', '.join(map(str, valid))}")


def max_decisions(board_type: str, num_players: int) -> int:
    """The cap after which a game counts as truncated (1.3)."""
    return _MAX_DECISIONS[board_type][num_players - 2]


def make_board(board_type: str, rules: Rules) -> Board:
    """The tables of a board with the given rules."""
    square = board_type in _SQUARE_SIZE
    cells = coordinates(board_type)
    index = {cell: number for number, cell in enumerate(cells)}
    steps = _SQUARE_STEPS if square else _HEX_STEPS
    step = _table(cells, index, steps)
    low = min(x for x, _ in cells)
    width = 1 - 2 * low if low else _SQUARE_SIZE[board_type]
    return Board(
        cells=len(cells),
        directions=len(steps),
        axes=len(steps) // 2,
        longest=width,
        width=width,
        max_moves=_pairs(step) + 3 * len(cells) + 8,
        step=step,
        near=_table(cells, index, _SQUARE_SIDES if square else _HEX_STEPS),
        grow=_table(cells, index, () if board_type == "hexagonal" else _SQUARE_STEPS),
        grid=np.array([(y - low) * width + x - low for x, y in cells], np.int64),
        apart=_distances(cells, square),
        centre=_centre(cells, board_type),
        rules=rules,
    )


def _table(
    cells: list[tuple[int, int]], index: dict[tuple[int, int], int], steps: tuple[tuple[int, int], ...]
) -> NDArray[np.int16]:
    """Neighbours of every cell under `steps`; the wall where there is none. At least eight wall columns if no step."""
    wall = len(cells)
    table = np.full((wall + 1, len(steps) or 8), wall, np.int16)
    for number, (x, y) in enumerate(cells):
        for column, (dx, dy) in enumerate(steps):
            table[number, column] = index.get((x + dx, y + dy), wall)
    return table


def _distances(cells: list[tuple[int, int]], square: bool) -> NDArray[np.int16]:
    x, y = np.array(cells, np.int16).T
    dx, dy = x[:, None] - x, y[:, None] - y
    return np.asarray(abs(dx) + abs(dy) + (0 if square else abs(dx + dy)), np.int16)


def _centre(cells: list[tuple[int, int]], board_type: str) -> NDArray[np.bool_]:
    if board_type in _SQUARE_SIZE:
        last = _SQUARE_SIZE[board_type] - 1
        return np.array([abs(2 * x - last) <= 2 and abs(2 * y - last) <= 2 for x, y in cells])
    radius = 1 if board_type == "hex8" else 2
    return np.array([max(abs(x), abs(y), abs(x + y)) <= radius for x, y in cells])


def _pairs(step: NDArray[np.int16]) -> int:
    """Ordered pairs of cells on a common line: a bound on all moves and captures together."""
    wall = len(step) - 1
    total = 0
    at = step[:wall].copy()
    while (at != wall).any():
        total += int((at != wall).sum())
        at = step[at, np.arange(step.shape[1])]
    return total
