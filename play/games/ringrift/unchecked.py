"""Applies a JSON move without asking whether it is legal: hand-made fixtures draw their own lines and regions (22.2).

Never used for games that are played. The geometry of the payload is taken as given; the turn machine then goes on as
after any move. Only the means to pay for a region are demanded (10.3).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from play.games.ringrift.codes import (
    CHOOSE_LINE_OPTION,
    CHOOSE_TERRITORY_OPTION,
    CONTINUE_CAPTURE_SEGMENT,
    ELIMINATE_RINGS,
    FORCED_ELIMINATION_MOVE,
    MARKER,
    MOVE_STACK,
    MOVER,
    OVERTAKING_CAPTURE,
    PAY_BURIED,
    PAY_CAP,
    PAY_RING,
    PENDING_LINE,
    PENDING_TERRITORY,
    PLACE_RING,
    PROCESS_LINE,
    RECOVERED,
    RECOVERY_SLIDE,
    STACK,
)
from play.games.ringrift.engine import RingRift
from play.games.ringrift.lines import run_beyond
from play.games.ringrift.records import cell_of, kind_of
from play.games.ringrift.recovery import first_extraction
from play.games.ringrift.state import (
    State,
    collapse,
    eliminate_top,
    extract_lowest,
    put_marker,
    remove_marker,
    view,
)
from play.games.ringrift.territory import claim, payable
from play.games.ringrift.turn import carry_out, conclude

Json = Mapping[str, Any]

_PAYMENTS = {"line": PAY_RING, "territory": PAY_CAP, "recovery": PAY_BURIED}


def apply_json_move(ringrift: RingRift, state: State, move: Json, index: int = 0) -> None:
    """Play one JSON move in one game, whoever it says moves. ValueError for what cannot be carried out at all."""
    game = view(state, index)
    kind = kind_of(move["type"])
    game.turn[MOVER] = int(move["player"]) - 1
    if kind in (MOVE_STACK, OVERTAKING_CAPTURE, CONTINUE_CAPTURE_SEGMENT):
        _travel(ringrift, game, kind, move)
    elif kind in (PROCESS_LINE, CHOOSE_LINE_OPTION):
        _line(ringrift, game, move)
    elif kind == CHOOSE_TERRITORY_OPTION:
        _claim(ringrift, game, move)
    elif kind == RECOVERY_SLIDE:
        _recover(ringrift, game, move)
    else:
        cell, aux = 0, 0
        if kind in (PLACE_RING, ELIMINATE_RINGS, FORCED_ELIMINATION_MOVE):
            cell = cell_of(ringrift.board_type, move["to"])
            payment = _PAYMENTS.get(move.get("eliminationContext", ""), PAY_CAP)
            aux = int(move.get("placementCount") or 1) if kind == PLACE_RING else payment
        carry_out(ringrift.board, game, kind, cell, cell, aux)
    conclude(ringrift.board, game, kind)


def _cells(ringrift: RingRift, places: list[Json]) -> list[int]:
    return [cell_of(ringrift.board_type, place) for place in places]


def _travel(ringrift: RingRift, game: State, kind: int, move: Json) -> None:
    """A move or capture along the ray that leads from `from` to `to`."""
    source, target = _cells(ringrift, [move["from"], move["to"]])
    if game.kind[source] != STACK:
        raise ValueError(f"no stack on {move['from']}")
    for direction in range(ringrift.board.directions):
        at = int(ringrift.board.step[source, direction])
        while at not in (ringrift.board.cells, target):
            at = int(ringrift.board.step[at, direction])
        if at == target:
            carry_out(ringrift.board, game, kind, source, target, direction)
            return
    raise ValueError(f"no ray leads from {move['from']} to {move['to']}")


def _line(ringrift: RingRift, game: State, move: Json) -> None:
    """Collapse the named cells; the whole of the named line is paid for (9.3)."""
    seat = int(game.turn[MOVER])
    line = _cells(ringrift, move["formedLines"][0]["positions"])
    cells = _cells(ringrift, move.get("collapsedMarkers") or move["formedLines"][0]["positions"])
    for cell in cells:
        collapse(game, cell, seat)
    game.turn[PENDING_LINE] = int(len(cells) >= len(line) and game.stacks[seat] > 0)


def _claim(ringrift: RingRift, game: State, move: Json) -> None:
    """Claim the named cells (10.5), if something outside them can pay."""
    inside = np.full(ringrift.board.cells + 1, -1, np.int16)
    inside[_cells(ringrift, move["disconnectedRegions"][0]["spaces"])] = 0
    if not any(inside[cell] < 0 and payable(game, cell) for cell in range(ringrift.board.cells)):
        raise ValueError("no stack outside the region could pay for it")
    claim(ringrift.board, game, inside)
    game.turn[PENDING_TERRITORY] = 1


def _recover(ringrift: RingRift, game: State, move: Json) -> None:
    """A recovery slide with the named cells and stacks where it names them (12.3)."""
    board, seat = ringrift.board, int(game.turn[MOVER])
    source, target = _cells(ringrift, [move["from"], move["to"]])
    option = int(move.get("recoveryOption") or move.get("option") or 1)
    payers = [cell_of(ringrift.board_type, place) for place in move.get("extractionStacks") or []]
    payers = payers or [first_extraction(board, game, seat)]
    remove_marker(game, source)
    if game.kind[target] == STACK:
        eliminate_top(game, target, 1)
    else:
        put_marker(game, target, seat)
    for cell in _collapsing(ringrift, game, move, target):
        collapse(game, cell, seat)
    if option == 1 and payers[0] >= 0:
        extract_lowest(game, payers[0], seat)
    game.turn[RECOVERED] = 1


def _collapsing(ringrift: RingRift, game: State, move: Json, target: int) -> list[int]:
    """The named cells, or else the whole first line through the destination, which now holds the marker."""
    if move.get("collapsePositions"):
        return _cells(ringrift, move["collapsePositions"])
    if move.get("recoveryMode", "line") != "line" or game.kind[target] != MARKER:
        return []
    board, seat = ringrift.board, int(game.turn[MOVER])
    for axis in range(board.axes):
        back = run_beyond(board, game, target, axis + board.axes, seat)
        length = back + 1 + run_beyond(board, game, target, axis, seat)
        if length >= board.rules.line_length:
            at, cells = target, []
            for _ in range(back):
                at = int(board.step[at, axis + board.axes])
            for _ in range(length):
                cells.append(at)
                at = int(board.step[at, axis])
            return cells
    return []
