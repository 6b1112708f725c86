"""What the conformance tests ask of an engine, and the two engines that answer: the oracle and the compiled one.

Seats count from 1 here, as in the fixtures. The runners know only the protocols of this module.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from play.games.ringrift.codes import GAME_OVER, MOVER, PHASE, WINNER
from play.games.ringrift.engine import RingRift
from play.games.ringrift.notation import compact_hash, fingerprint, phase_name, rings_string
from play.games.ringrift.records import apply_key, legal_keys, load_rules, load_state, progress
from play.games.ringrift.state import State, view
from play.games.ringrift.unchecked import apply_json_move
from tests.play.games import oracle_state
from tests.play.games.oracle import apply_move
from tests.play.games.oracle_moves import legal_moves
from tests.play.games.oracle_records import load_position, new_position, read_move
from tests.play.games.oracle_state import Position

Json = dict[str, Any]


class PlayedGame(Protocol):
    """One game inside an engine."""

    @property
    def mover(self) -> int: ...
    @property
    def phase(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def winner(self) -> int | None: ...

    def legal_keys(self) -> set[str]:
        """The keys of all legal moves; empty once the game is over."""

    def apply(self, key: str, payment: str | None = None, collapsed: Sequence[str] | None = None) -> None:
        """Play a legal move. payment: the stack a recovery takes its ring from; collapsed: the cells of its option 2."""

    def apply_json(self, move: Json) -> None:
        """Play a recorded move without asking whether it is legal."""

    def fingerprint(self) -> str: ...
    def rings(self) -> str: ...
    def progress(self) -> int: ...


class EngineUnderTest(Protocol):
    """An engine that can be put through the conformance data."""

    def load(self, state: Json, profile: str) -> PlayedGame:
        """The game in a fixture's state."""

    def new(self, board_type: str, seats: int, profile: str, rules: Json) -> PlayedGame:
        """A fresh game with nothing applied yet."""

    def hash(self, fingerprint: str) -> str: ...


class OracleGame:
    """A game of the slow reference engine."""

    def __init__(self, position: Position) -> None:
        self.position = position

    @property
    def mover(self) -> int:
        return self.position.mover

    @property
    def phase(self) -> str:
        return self.position.phase

    @property
    def status(self) -> str:
        return self.position.status

    @property
    def winner(self) -> int | None:
        return self.position.winner

    def legal_keys(self) -> set[str]:
        return set(legal_moves(self.position))

    def apply(self, key: str, payment: str | None = None, collapsed: Sequence[str] | None = None) -> None:
        move = legal_moves(self.position)[key]
        if payment is not None:
            move = move._replace(payment=payment)
        if collapsed is not None:
            move = move._replace(cells=tuple(collapsed))
        apply_move(self.position, move)

    def apply_json(self, move: Json) -> None:
        apply_move(self.position, read_move(self.position, move))

    def fingerprint(self) -> str:
        return self.position.fingerprint()

    def rings(self) -> str:
        return self.position.rings()

    def progress(self) -> int:
        return self.position.progress()


class Oracle:
    """The slow reference engine of these tests."""

    def load(self, state: Json, profile: str) -> OracleGame:
        return OracleGame(load_position(state, profile))

    def new(self, board_type: str, seats: int, profile: str, rules: Json) -> OracleGame:
        return OracleGame(new_position(board_type, seats, profile, rules))

    def hash(self, fingerprint: str) -> str:
        return oracle_state.compact_hash(fingerprint)


class CompiledGame:
    """A batch of one game of the gauntlet's engine, played record by record."""

    def __init__(self, ringrift: RingRift, state: State) -> None:
        self.ringrift, self.state = ringrift, state
        self.game = view(state, 0)

    @property
    def mover(self) -> int:
        return int(self.game.turn[MOVER]) + 1

    @property
    def phase(self) -> str:
        return phase_name(self.game)

    @property
    def status(self) -> str:
        return "completed" if self.game.turn[PHASE] == GAME_OVER else "active"

    @property
    def winner(self) -> int | None:
        return int(self.game.turn[WINNER]) + 1 if self.status == "completed" else None

    def legal_keys(self) -> set[str]:
        return set(legal_keys(self.ringrift, self.state)) if self.status == "active" else set()

    def apply(self, key: str, payment: str | None = None, collapsed: Sequence[str] | None = None) -> None:
        apply_key(self.ringrift, self.state, key, extraction=payment, collapsed=collapsed)

    def apply_json(self, move: Json) -> None:
        apply_json_move(self.ringrift, self.state, move)

    def fingerprint(self) -> str:
        return fingerprint(self.ringrift.board_type, self.game)

    def rings(self) -> str:
        return rings_string(self.ringrift.board_type, self.game)

    def progress(self) -> int:
        return progress(self.state)


class Compiled:
    """The engine that plays the gauntlet's games."""

    def load(self, state: Json, profile: str) -> CompiledGame:
        return CompiledGame(*load_state(state, profile))

    def new(self, board_type: str, seats: int, profile: str, rules: Json) -> CompiledGame:
        loaded = load_rules(board_type, seats, profile, {"rulesOptions": rules})
        ringrift = RingRift(board_type, seats, profile, loaded)
        return CompiledGame(ringrift, ringrift.start(np.zeros(1, np.int64)))

    def hash(self, fingerprint: str) -> str:
        return compact_hash(fingerprint)


ENGINES: dict[str, EngineUnderTest] = {"oracle": Oracle(), "compiled": Compiled()}
