"""RingRift's positions as pieces on a board, as play/games/picture.py describes. Draws nothing."""

from __future__ import annotations

import numpy as np

from play.games.game import Int16s, Int64s
from play.games.ringrift.boards import Board, cell_keys, coordinates
from play.games.ringrift.codes import COLLAPSED, MARKER, STACK
from play.games.ringrift.drawing import AT_CELLS
from play.games.ringrift.state import State
from shared.contract.replay import BoardCell, BoardPiece, Layout, PieceKind, SeatStanding

KINDS: dict[int, PieceKind] = {STACK: "stack", MARKER: "marker", COLLAPSED: "territory"}


def layout(board_type: str, board: Board) -> Layout:
    """The cells in index order."""
    placed = zip(cell_keys(board_type), coordinates(board_type), strict=True)
    cells = [BoardCell(name=name, x=x, y=y) for name, (x, y) in placed]
    return Layout(shape="hex" if board.directions == 6 else "square", cells=cells)


def cells(game: State) -> Int64s:
    """int64[C, 4]: kind, owner, height and rings of every cell, the wall left out."""
    return np.stack([game.kind, game.owner, game.height, game.rings], axis=1)[:-1].astype(np.int64)


def piece(facts: Int64s) -> BoardPiece | None:
    """What one row of `cells` says. A cell collapsed to nobody is told as empty: there is none inside a board."""
    kind, owner, height, rings = map(int, facts)
    if kind not in KINDS or owner < 0:
        return None
    held = [(rings >> (2 * depth)) & 3 for depth in range(height)] if kind == STACK else []
    return BoardPiece(kind=KINDS[kind], seat=owner, rings=held)


def standings(game: State) -> list[SeatStanding]:
    """What each seat has."""
    counts = zip(game.hand, game.credit, game.territory, game.stacks, game.markers, strict=True)
    names = ("in_hand", "eliminated", "territory", "stacks", "markers")
    return [SeatStanding(**dict(zip(names, map(int, each), strict=True))) for each in counts]


def between(row: Int16s) -> list[int]:
    """The cells of a move, each once."""
    return list(dict.fromkeys((int(row[1]), int(row[2])))) if int(row[0]) in AT_CELLS else []
