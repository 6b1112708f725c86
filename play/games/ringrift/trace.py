"""Played games as ringrift-trace-v1 documents (22.7): checked in lockstep with the engine, and written."""

import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from play.games.game import Int16s
from play.games.ringrift.boards import BOARD_TYPES, PLAYER_COUNTS, PROFILES, cell_keys
from play.games.ringrift.codes import (
    EXTRACTION_STEP,
    GAME_OVER,
    MOVER,
    PHASE,
    RECOVER_WINDOW,
    RECOVERY_SLIDE,
    WINNER,
)
from play.games.ringrift.engine import RingRift
from play.games.ringrift.legal import forced
from play.games.ringrift.notation import (
    compact_hash,
    fingerprint,
    move_key,
    phase_name,
    rings_string,
    window_cells,
)
from play.games.ringrift.records import legal_keys, load_rules, row_of_key
from play.games.ringrift.recovery import first_extraction
from play.games.ringrift.state import State, view
from play.games.ringrift.turn import apply_row
from play.record import PlayedGame, decode_rows

FORMAT = "ringrift-trace-v1"
_SNAPSHOT_EVERY = 20


class Difference(NamedTuple):
    """The first place where a trace and the engine disagree. step: index into steps; the number of steps for `final`."""

    step: int
    what: str
    expected: object
    found: object


def legal_checksum(keys: list[str]) -> str:
    """CRC-32 of sorted keys, 8 hex digits."""
    return f"{zlib.crc32(chr(10).join(keys).encode()):08x}"


def open_trace(document: Mapping[str, Any]) -> tuple[RingRift, list[Mapping[str, Any]]]:
    """The game a trace was played under, and its steps. ValueError if the document is malformed."""
    if document.get("format") != FORMAT:
        raise ValueError(f"format is {document.get('format')!r}: expected {FORMAT!r}")
    board_type, num_players = document.get("boardType"), document.get("numPlayers")
    profile = document.get("profile", "ref")
    for name, value, valid in (
        ("boardType", board_type, BOARD_TYPES),
        ("numPlayers", num_players, PLAYER_COUNTS),
        ("profile", profile, PROFILES),
    ):
        if value not in valid:
            raise ValueError(f"{name} is {value!r}: expected one of {', '.join(map(str, valid))}")
    steps = document.get("steps")
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        raise ValueError("steps is missing or not a list of objects")
    for number, step in enumerate(steps):
        if type(step.get("m")) is not str:
            raise ValueError(f"step {number} has no move key 'm'")
    rules = load_rules(str(board_type), int(str(num_players)), profile, document)
    return RingRift(str(board_type), int(str(num_players)), profile, rules), steps


def verify_trace(document: Mapping[str, Any]) -> Difference | None:
    """Replay a trace in lockstep, comparing everything it states; the first difference, or None.

    Without a "profile" a trace follows `ref`. ValueError if the document is malformed.
    """
    ringrift, steps = open_trace(document)
    state = ringrift.start(np.zeros(1, np.int64))
    for number, step in enumerate(steps):
        difference = _before(ringrift, state, number, step) or _after(ringrift, state, number, step)
        if difference is not None:
            return difference
    return _final(ringrift, state, len(steps), document.get("final") or {})


def _before(ringrift: RingRift, state: State, number: int, step: Mapping[str, Any]) -> Difference | None:
    """Compare seat, phase and legal moves, and whether the recorded move is one of them."""
    game = view(state, 0)
    keys = legal_keys(ringrift, state)
    found = {
        "p": int(game.turn[MOVER]) + 1,
        "ph": phase_name(game),
        "n": len(keys),
        "L": legal_checksum(keys),
    }
    difference = _compare(number, step, found)
    if difference is None and step["m"] not in keys:
        return Difference(number, "m", step["m"], keys)
    return difference


def _after(ringrift: RingRift, state: State, number: int, step: Mapping[str, Any]) -> Difference | None:
    """Play the recorded move and compare the state it leads to."""
    game = view(state, 0)
    extraction = (step.get("x") or [None])[0]
    try:
        row = row_of_key(ringrift, state, step["m"], extraction=extraction, collapsed=step.get("c"))
    except ValueError:
        return Difference(number, "c", step.get("c"), None)
    apply_row(ringrift.board, game, row)
    text = fingerprint(ringrift.board_type, game)
    return _compare(number, step, {"h": compact_hash(text), "f": text, "r": rings_string(ringrift.board_type, game)})


def _compare(number: int, step: Mapping[str, Any], found: Mapping[str, object]) -> Difference | None:
    for name, value in found.items():
        if name in step and step[name] != value:
            return Difference(number, name, step[name], value)
    return None


def _final(ringrift: RingRift, state: State, number: int, final: Mapping[str, Any]) -> Difference | None:
    return _compare(number, final, outcome(ringrift, view(state, 0)))


def outcome(ringrift: RingRift, game: State) -> dict[str, object]:
    """The `final` object of a trace."""
    over = game.turn[PHASE] == GAME_OVER
    return {
        "status": "completed" if over else "active",
        "winner": int(game.turn[WINNER]) + 1 if over else None,
        "fingerprint": fingerprint(ringrift.board_type, game),
    }


def record_trace(ringrift: RingRift, seed: int, rows: Int16s) -> dict[str, object]:
    """The trace of a game played as these decisions (int16[N, 4]), with the bookkeeping between them written out."""
    state = ringrift.start(np.array([seed], np.int64))
    steps: list[dict[str, object]] = []
    _record_bookkeeping(ringrift, state, steps)
    for row in rows:
        steps.append(_record_step(ringrift, state, row, len(steps)))
        _record_bookkeeping(ringrift, state, steps)
    rules = ringrift.board.rules
    return {
        "format": FORMAT,
        "profile": ringrift.profile,
        "boardType": ringrift.board_type,
        "numPlayers": ringrift.num_players,
        "seed": seed,
        "rulesOptions": {"swapRuleEnabled": True} if rules.swap else {},
        "ringsPerPlayer": rules.supply,
        "victoryThreshold": rules.ring_target,
        "territoryVictoryMinimum": rules.territory_minimum,
        "lpsRoundsRequired": rules.lps_rounds,
        "final": outcome(ringrift, view(state, 0)),
        "steps": steps,
    }


def _record_bookkeeping(ringrift: RingRift, state: State, steps: list[dict[str, object]]) -> None:
    """Play and record forced bookkeeping up to the next choice."""
    game = view(state, 0)
    while game.turn[PHASE] != GAME_OVER and (kind := forced(ringrift.board, game)) >= 0:
        steps.append(_record_step(ringrift, state, np.array([kind, 0, 0, 0], np.int16), len(steps)))


def _record_step(ringrift: RingRift, state: State, row: Int16s, number: int) -> dict[str, object]:
    """Play one move and return its step."""
    game = view(state, 0)
    keys = legal_keys(ringrift, state)
    key = move_key(ringrift.board_type, ringrift.board, game, row)
    if key not in keys:
        raise ValueError(f"step {number}: {key!r} is not a legal move")
    step: dict[str, object] = {
        "p": int(game.turn[MOVER]) + 1,
        "ph": phase_name(game),
        "n": len(keys),
        "L": legal_checksum(keys),
        "m": key,
        **_recovery_facts(ringrift, game, row),
    }
    apply_row(ringrift.board, game, row)
    text = fingerprint(ringrift.board_type, game)
    step["h"] = compact_hash(text)
    if number % _SNAPSHOT_EVERY == _SNAPSHOT_EVERY - 1 or game.turn[PHASE] == GAME_OVER:
        step |= {"f": text, "r": rings_string(ringrift.board_type, game)}
    return step


def _recovery_facts(ringrift: RingRift, game: State, row: Int16s) -> dict[str, list[str]]:
    """What a recovery slide's key leaves open: the paying stack (x), or the collapsed cells of option 2 (c)."""
    if int(row[0]) != RECOVERY_SLIDE:
        return {}
    names = cell_keys(ringrift.board_type)
    aux = int(row[3])
    if aux % EXTRACTION_STEP >= RECOVER_WINDOW:
        return {"c": sorted(names[cell] for cell in window_cells(ringrift.board, game, row))}
    payer = aux // EXTRACTION_STEP - 1
    if payer < 0:
        payer = first_extraction(ringrift.board, game, int(game.turn[MOVER]))
    return {"x": [names[payer]]}


def trace_of(game: RingRift, played: PlayedGame) -> dict[str, object]:
    """A recorded game as a ringrift-trace-v1 document."""
    return record_trace(game, played.seed, decode_rows(played.moves))
