"""A position of a replayed game as shapes to be drawn: where each cell lies, what is on it, and how it is said in words. Pure.

Who owns what is told by shape, pattern and number; colours only help.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from shared.contract.replay import BoardPiece, GameReplay, Layout

STEP = 40.0
"""From cell to cell."""
MARGIN = 26.0
CORNERS = {"hex": 6, "square": 4}
RADII = {"hex": STEP / math.sqrt(3) * 0.97, "square": STEP / math.sqrt(2) * 0.97}
TILT = {"hex": 90.0, "square": 45.0}
MOST_PIPS = 6
Position = Mapping[int, BoardPiece]


class Spot(NamedTuple):
    """A cell to be drawn. `text`: what is said of it; `pips`: whose rings lie in a mixed stack, the top one first."""

    x: float
    y: float
    name: str
    piece: BoardPiece | None
    text: str
    is_last: bool
    is_dark: bool
    pips: list[int]


class Label(NamedTuple):
    """A coordinate beside the board."""

    x: float
    y: float
    text: str


class Way(NamedTuple):
    """From where to where the last move went."""

    x1: float
    y1: float
    x2: float
    y2: float


class Picture(NamedTuple):
    """All that is drawn. `outline`: the corners of a cell around its middle."""

    left: float
    top: float
    width: float
    height: float
    outline: str
    spots: list[Spot]
    labels: list[Label]
    way: Way | None


def position(replay: GameReplay, number: int) -> Position:
    """What lies where after a move; 0 is the opening."""
    found: dict[int, BoardPiece] = {}
    for move in (replay.opening, *replay.moves[:number]):
        for change in move.changes:
            found.pop(change.cell, None)
            if change.piece is not None:
                found[change.cell] = change.piece
    return found


def picture(layout: Layout, now: Position, last: list[int]) -> Picture:
    """The board with everything on it; `last`: the cells of the last move, which are marked."""
    places = [_place(layout, each.x, each.y) for each in layout.cells]
    spots = [
        Spot(*at, cell.name, now.get(number), f"{cell.name}: {said(now.get(number))}", number in last,
             layout.shape == "square" and (cell.x + cell.y) % 2 == 1, _pips(now.get(number)))
        for number, (cell, at) in enumerate(zip(layout.cells, places, strict=True))
    ]  # fmt: skip
    labels = list(_labels(layout))
    across = [x for x, _ in places] + [each.x for each in labels]
    down = [y for _, y in places] + [each.y for each in labels]
    left, top = min(across) - MARGIN, min(down) - MARGIN
    width, height = max(across) - left + MARGIN, max(down) - top + MARGIN
    way = Way(*places[last[0]], *places[last[-1]]) if len(last) > 1 else None
    return Picture(left, top, width, height, _outline(layout.shape), spots, labels, way)


def said(piece: BoardPiece | None) -> str:
    """What lies on a cell, in words."""
    if piece is None:
        return "empty"
    if piece.kind != "stack":
        return f"{piece.kind} of seat {piece.seat + 1}"
    rings = " ".join(str(each + 1) for each in piece.rings)
    mixed = f", rings from the top {rings}" if len(set(piece.rings)) > 1 else ""
    return f"stack of {len(piece.rings)}, controlled by seat {piece.seat + 1}{mixed}"


def listed(layout: Layout, now: Position) -> list[str]:
    """Every cell with something on it, in words, for whoever does not see the board."""
    return [f"{layout.cells[cell].name}: {said(now[cell])}" for cell in sorted(now)]


def _place(layout: Layout, x: float, y: float) -> tuple[float, float]:
    if layout.shape == "square":
        return x * STEP, y * STEP
    return round((x + y / 2) * STEP, 1), round(y * STEP * math.sqrt(3) / 2, 1)


def _outline(shape: str) -> str:
    corners, radius, tilt = CORNERS[shape], RADII[shape], TILT[shape]
    angles = (math.radians(tilt + 360 / corners * each) for each in range(corners))
    return " ".join(f"{radius * math.cos(angle):.1f},{radius * math.sin(angle):.1f}" for angle in angles)


def _pips(piece: BoardPiece | None) -> list[int]:
    mixed = piece is not None and len(set(piece.rings)) > 1
    return piece.rings[:MOST_PIPS] if piece is not None and mixed else []


def _labels(layout: Layout) -> Iterator[Label]:
    """x above the first cell of each column, and y before each row; on hex boards behind it, where x has none."""
    for x in sorted({each.x for each in layout.cells}):
        first = min(each.y for each in layout.cells if each.x == x)
        yield Label(*_place(layout, x, first - 0.85), f"x{x}")
    for y in sorted({each.y for each in layout.cells}):
        row = [each.x for each in layout.cells if each.y == y]
        beside = max(row) + 0.9 if layout.shape == "hex" else min(row) - 0.85
        yield Label(*_place(layout, beside, y), f"y{y}")
