"""Reads the JSON states and moves of the fixtures (section 22.1) into the slow reference engine."""

from typing import Any

from tests.play.games.oracle import NOT_ACTING
from tests.play.games.oracle_board import OracleBoard, oracle_board
from tests.play.games.oracle_state import PROFILES, Move, Position

Json = dict[str, Any]
LEGACY_KINDS = {
    "choose_line_reward": "choose_line_option",
    "process_territory_region": "choose_territory_option",
    "move_ring": "move_stack",
    "build_stack": "move_stack",
    "chain_capture": "continue_capture_segment",
    "line_formation": "process_line",
    "territory_claim": "choose_territory_option",
}


def cell_key(board: OracleBoard, cell: Json) -> str:
    """The key string of a position; the third hexagonal coordinate is implied."""
    x, y = cell["x"], cell["y"]
    return f"{x},{y}" if board.name.startswith("square") else f"{x},{y},{-x - y}"


def written_key(board: OracleBoard, text: str) -> str:
    """A cell written as a key string, whose third hexagonal coordinate may be missing."""
    x, y = text.split(",")[:2]
    return cell_key(board, {"x": int(x), "y": int(y)})


def new_position(board_type: str, seats: int, profile: str, rules: Json) -> Position:
    """Section 1.4, with the overrides of section 1.3 in `rules`."""
    board = oracle_board(board_type)
    supply = rules.get("ringsPerPlayer", board.supply)
    return Position(
        board=board,
        seats=seats,
        options=PROFILES[profile],
        supply=board.supply,
        ring_target=board.ring_target(seats, supply),
        territory_target=board.territory_target(seats),
        hand=[0] + [supply] * seats,
        credit=[0] * (seats + 1),
        territory=[0] * (seats + 1),
        lps_required=rules.get("lpsRoundsRequired", 3),
        swap_enabled=rules.get("swapRuleEnabled", False),
    )


def load_position(state: Json, profile: str) -> Position:
    """A fixture state; a state in `waiting` is taken as active, and the flags of the turn come from the history."""
    table = state["board"]
    seats = max(2, len(state["players"]))  # some hand-made states name one seat only; the other has no rings then
    p = new_position(table["type"], seats, profile, state.get("rulesOptions") or {})
    board = p.board
    p.hand = [0] * (seats + 1)
    for player in state["players"]:
        seat = player["playerNumber"]
        p.hand[seat] = player["ringsInHand"]
        p.credit[seat] = player["eliminatedRings"]
        p.territory[seat] = player["territorySpaces"]
    p.stacks = {cell_key(board, s["position"]): s["rings"][::-1] for s in table["stacks"].values()}
    p.markers = {cell_key(board, m["position"]): m["player"] for m in table["markers"].values()}
    p.collapsed = {written_key(board, cell): owner for cell, owner in table["collapsedSpaces"].items()}
    p.total = max(state.get("totalRingsEliminated") or 0, sum((table.get("eliminatedRings") or {}).values()))
    p.ring_target = state.get("victoryThreshold") or p.ring_target
    least = state.get("territoryVictoryMinimum") or state.get("territoryVictoryThreshold")
    p.territory_target = least or p.territory_target
    p.lps_required = state.get("lpsRoundsRequired") or p.lps_required
    p.mover, p.phase = state["currentPlayer"], state["currentPhase"]
    p.status = "active" if state["gameStatus"] == "waiting" else state["gameStatus"]
    p.must = written_key(board, state["mustMoveFromStackKey"]) if state.get("mustMoveFromStackKey") else ""
    p.pending_line = bool(state.get("pendingLineRewardElimination"))
    if state.get("chainCapturePosition"):
        p.active_cell = cell_key(board, state["chainCapturePosition"])
    read_history(p, state["moveHistory"])
    return p


def read_history(p: Position, history: list[Json]) -> None:
    """Who has moved, and what the mover's uninterrupted tail of the history says of this turn."""
    p.moved = {record["player"] for record in history}
    p.swapped = any(record["type"] == "swap_sides" for record in history)
    for record in reversed(history):
        if record["player"] != p.mover:
            break
        p.acted |= record["type"] not in NOT_ACTING
        p.recovered |= record["type"] == "recovery_slide"


def read_move(p: Position, record: Json) -> Move:
    """A recorded move with its payload as it stands; nothing is checked against the rules.

    Recoveries are not read: they are always played through the legal set.
    """
    kind: str = LEGACY_KINDS.get(record["type"]) or record["type"]

    def cells(places: list[Json]) -> tuple[str, ...]:
        return tuple(cell_key(p.board, place) for place in places)

    def one(name: str) -> str:
        return cell_key(p.board, record[name]) if record.get(name) else ""

    line = cells(record["formedLines"][0]["positions"]) if record.get("formedLines") else ()
    chosen = line
    if kind == "choose_territory_option":
        chosen = cells(record["disconnectedRegions"][0]["spaces"])
    elif record.get("collapsedMarkers"):
        chosen = cells(record["collapsedMarkers"])
    return Move(
        kind,
        source=one("from"),
        over=one("captureTarget"),
        to=one("to"),
        number=record.get("placementCount") or 1,
        line=line,
        cells=chosen,
        context=record.get("eliminationContext") or "",
    )
