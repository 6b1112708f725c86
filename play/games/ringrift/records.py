"""States from JSON fixtures (22.1, 22.8), and moves applied to them by key or, unchecked, from JSON.

For conformance only: nothing here is on the way of evaluation games. Seats in JSON count from 1.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from play.games.game import Int16s
from play.games.ringrift.boards import Rules, cell_keys, make_rules
from play.games.ringrift.codes import (
    ACT_CELL,
    ACTED,
    CHAIN_CELL,
    EXTRACTION_STEP,
    GAME_OVER,
    LAST_ACTOR,
    MOVE_NAMES,
    MOVED,
    MOVER,
    MUST_CELL,
    PENDING_LINE,
    PENDING_TERRITORY,
    PHASE,
    PHASE_NAMES,
    PLY,
    RECOVER_WINDOW,
    RECOVERED,
    RECOVERY_SLIDE,
    WINNER,
)
from play.games.ringrift.engine import RingRift
from play.games.ringrift.legal import legal_into
from play.games.ringrift.notation import move_key, window_cells
from play.games.ringrift.stacks import MAX_HEIGHT
from play.games.ringrift.state import State, collapse, put_marker, set_stack, view
from play.games.ringrift.turn import apply_row, is_passive

Json: TypeAlias = Mapping[str, Any]

LEGACY_NAMES = {
    "choose_line_reward": "choose_line_option",
    "process_territory_region": "choose_territory_option",
    "move_ring": "move_stack",
    "build_stack": "move_stack",
    "chain_capture": "continue_capture_segment",
    "line_formation": "process_line",
    "territory_claim": "choose_territory_option",
}


def kind_of(name: str) -> int:
    """The move kind with this record name, legacy names included (section 5)."""
    name = LEGACY_NAMES.get(name, name)
    if name not in MOVE_NAMES:
        raise ValueError(f"unknown move type {name!r}: expected one of {', '.join(MOVE_NAMES)}")
    return MOVE_NAMES.index(name)


def cell_of(board_type: str, place: str | Json) -> int:
    """The cell named by a key or an {x, y, z} position; on hex boards z may be missing."""
    if isinstance(place, str):
        numbers = [int(part) for part in place.split(",")]
    else:
        numbers = [int(place["x"]), int(place["y"])]
    names = cell_keys(board_type)
    key = f"{numbers[0]},{numbers[1]}"
    if names[0].count(",") == 2:
        key += f",{-numbers[0] - numbers[1]}"
    if key not in names:
        raise ValueError(f"{key!r} is not a cell of {board_type}")
    return names.index(key)


def load_rules(board_type: str, num_players: int, profile: str, record: Json) -> Rules:
    """The rules of a record: its rulesOptions, ring supply, rounds and thresholds, where it has them (1.3, 22.1)."""
    options = record.get("rulesOptions") or record.get("ro") or {}
    rules = make_rules(
        board_type,
        num_players,
        profile,
        swap=bool(options.get("swapRuleEnabled", False)),
        lps_rounds=int(options.get("lpsRoundsRequired") or record.get("lpsRoundsRequired") or 3),
        rings_per_player=options.get("ringsPerPlayer") or record.get("ringsPerPlayer"),
    )
    minimum = record.get("territoryVictoryMinimum") or record.get("territoryVictoryThreshold")
    return rules._replace(
        ring_target=int(record.get("victoryThreshold") or rules.ring_target),
        territory_minimum=int(minimum or rules.territory_minimum),
    )


def load_state(record: Json, profile: str = "ref") -> tuple[RingRift, State]:
    """The game and a batch of one from a fixture's state, of either shape. ValueError for what no board can hold."""
    return _load_small(record, profile) if isinstance(record["board"], str) else _load_full(record, profile)


def _load_small(record: Json, profile: str) -> tuple[RingRift, State]:
    """The micro-example shape (22.8)."""
    board_type, num_players = record["board"], int(record["players"])
    ringrift = RingRift(board_type, num_players, profile, load_rules(board_type, num_players, profile, record))
    states = ringrift.start(np.zeros(1, np.int64))
    game = view(states, 0)
    for key, colours in record["stacks"].items():
        _load_stack(board_type, game, key, [int(colour) for colour in colours])
    _load_cells(board_type, game, record["markers"], record["collapsed"])
    for values, name in ((game.hand, "hand"), (game.credit, "elim"), (game.territory, "terr")):
        values[:] = record[name]
    game.turn[MOVER] = int(record["player"]) - 1
    game.turn[PHASE] = PHASE_NAMES.index(record["phase"])
    if record.get("must_move_from_stack_key"):
        game.turn[MUST_CELL] = cell_of(board_type, record["must_move_from_stack_key"])
    return ringrift, states


def _load_full(record: Json, profile: str) -> tuple[RingRift, State]:
    """The shape of contract vectors and rules-parity files (22.1)."""
    cells, players = record["board"], record["players"]
    board_type = record.get("boardType") or cells["type"]
    seats = max(2, len(players))  # some hand-made states name one seat only; the other then has no rings
    ringrift = RingRift(board_type, seats, profile, load_rules(board_type, seats, profile, record))
    states = ringrift.start(np.zeros(1, np.int64))
    game = view(states, 0)
    for key, stack in cells["stacks"].items():
        _load_stack(board_type, game, key, stack["rings"])
    markers = {key: marker["player"] for key, marker in cells["markers"].items()}
    _load_cells(board_type, game, markers, cells["collapsedSpaces"])
    game.hand[:] = 0
    for player in players:
        seat = int(player["playerNumber"]) - 1
        game.hand[seat] = player["ringsInHand"]
        game.credit[seat] = player["eliminatedRings"]
        game.territory[seat] = player["territorySpaces"]
    _load_turn(board_type, game, record)
    return ringrift, states


def _load_stack(board_type: str, game: State, key: str, colours: list[int]) -> None:
    """Put a stack, top ring first."""
    if not 0 < len(colours) <= MAX_HEIGHT:
        raise ValueError(f"the stack on {key} has {len(colours)} rings: expected 1 to {MAX_HEIGHT}")
    rings = 0
    for depth, colour in enumerate(colours):
        if not 1 <= colour <= len(game.hand):
            raise ValueError(f"the stack on {key} has a ring of seat {colour}: expected 1 to {len(game.hand)}")
        rings |= (colour - 1) << (2 * depth)
        game.on_board[colour - 1] += 1
    set_stack(game, cell_of(board_type, key), rings, len(colours))


def _load_cells(board_type: str, game: State, markers: Json, collapsed: Json) -> None:
    for key, owner in markers.items():
        put_marker(game, cell_of(board_type, key), int(owner) - 1)
    for key, owner in collapsed.items():
        collapse(game, cell_of(board_type, key), int(owner) - 1)


def _load_turn(board_type: str, game: State, record: Json) -> None:
    """Mover, phase and what follows from the recorded history (4.6)."""
    turn = game.turn
    turn[MOVER] = int(record["currentPlayer"]) - 1
    turn[PHASE] = PHASE_NAMES.index(record["currentPhase"])
    turn[PENDING_LINE] = int(bool(record.get("pendingLineRewardElimination")))
    turn[PENDING_TERRITORY] = int(bool(record.get("pendingTerritoryDecision")))
    if record.get("chainCapturePosition"):
        turn[CHAIN_CELL] = cell_of(board_type, record["chainCapturePosition"])
    if record.get("mustMoveFromStackKey"):
        turn[MUST_CELL] = cell_of(board_type, record["mustMoveFromStackKey"])
    if record.get("gameStatus") in ("completed", "finished", "abandoned"):
        turn[PHASE] = GAME_OVER
        turn[WINNER] = int(record.get("winner") or 0) - 1
    history = record.get("moveHistory") or []
    turn[PLY] = len(history)
    for move in history:
        turn[MOVED] |= 1 << (int(move["player"]) - 1)
        turn[LAST_ACTOR] = int(move["player"]) - 1
    for move in reversed(history):
        if int(move["player"]) - 1 != turn[MOVER]:
            break
        _recall(board_type, game, move)


def _recall(board_type: str, game: State, move: Json) -> None:
    """What an earlier move of the present turn, from the last one back, left behind."""
    kind = kind_of(move["type"])
    if not is_passive(kind):
        game.turn[ACTED] = 1
    if kind == RECOVERY_SLIDE:
        game.turn[RECOVERED] = 1
    if game.turn[ACT_CELL] < 0 and "from" in move and "to" in move:
        game.turn[ACT_CELL] = cell_of(board_type, move["to"])


def legal_rows(ringrift: RingRift, state: State, index: int = 0) -> Int16s:
    """Every legal move of one game, bookkeeping included."""
    rows = np.empty((ringrift.board.max_moves, 4), np.int16)
    return rows[: legal_into(ringrift.board, view(state, index), rows)]


def legal_keys(ringrift: RingRift, state: State, index: int = 0) -> list[str]:
    """The distinct keys of every legal move, sorted."""
    game = view(state, index)
    rows = legal_rows(ringrift, state, index)
    return sorted({move_key(ringrift.board_type, ringrift.board, game, row) for row in rows})


def row_of_key(
    ringrift: RingRift,
    state: State,
    key: str,
    index: int = 0,
    *,
    extraction: str | None = None,
    collapsed: Iterable[str] | None = None,
) -> Int16s:
    """The legal move with a key. extraction: the stack a recovery takes its ring from. collapsed: the cells of its
    option 2. ValueError if there is no such move."""
    game = view(state, index)
    wanted = None if collapsed is None else {cell_of(ringrift.board_type, cell) for cell in collapsed}
    for row in legal_rows(ringrift, state, index):
        if move_key(ringrift.board_type, ringrift.board, game, row) != key:
            continue
        if wanted is None or not _is_window(row) or set(window_cells(ringrift.board, game, row)) == wanted:
            return _with_extraction(ringrift, row, extraction)
    raise ValueError(f"{key!r} is not a legal move here")


def _is_window(row: Int16s) -> bool:
    return int(row[0]) == RECOVERY_SLIDE and int(row[3]) % EXTRACTION_STEP >= RECOVER_WINDOW


def _with_extraction(ringrift: RingRift, row: Int16s, extraction: str | None) -> Int16s:
    """The row with the named stack paying, or the engine's pick where none is named."""
    row = row.copy()
    if int(row[0]) == RECOVERY_SLIDE:
        payer = 0 if extraction is None else cell_of(ringrift.board_type, extraction) + 1
        row[3] = int(row[3]) % EXTRACTION_STEP + EXTRACTION_STEP * payer
    return row


def apply_key(
    ringrift: RingRift,
    state: State,
    key: str,
    index: int = 0,
    *,
    extraction: str | None = None,
    collapsed: Iterable[str] | None = None,
) -> None:
    """Play the legal move with a key and nothing after it (see `row_of_key`)."""
    row = row_of_key(ringrift, state, key, index, extraction=extraction, collapsed=collapsed)
    apply_row(ringrift.board, view(state, index), row)


def progress(state: State, index: int = 0) -> int:
    """S = markers + collapsed cells + eliminated rings (17.3)."""
    game = view(state, index)
    return int(game.markers.sum() + game.territory.sum() + game.credit.sum())
