"""The oracle's boards and both engines' hashes against the figures of the rules (sections 1, 2 and 17)."""

import pytest

from tests.play.games.conformance_data import traces
from tests.play.games.conformance_engines import ENGINES
from tests.play.games.oracle_board import BOARD_NAMES, oracle_board

HASHES = {
    "1:ring_placement:active:0#1:18:0:0|2:18:0:0###": "64d970e91e560723",
    "1:ring_placement:active#1:18:0:0|2:18:0:0###": "8fb582fc40b1f137",
    "1:ring_placement:active:0#1:18:0:0|2:18:0:0|3:18:0:0###": "56902c67f0a0b738",
    "1:ring_placement:active:0#1:72:0:0|2:72:0:0###": "c04c80fcd6654a8b",
    "1:ring_placement:active:0#1:96:0:0|2:96:0:0###": "cabdde4bd44352cf",
}
# Board and seats -> line length, ring target, territory target.
TARGETS = {
    ("square8", 2): (4, 18, 33),
    ("square8", 3): (3, 24, 22),
    ("square8", 4): (3, 30, 17),
    ("square19", 2): (4, 72, 181),
    ("square19", 3): (4, 96, 121),
    ("square19", 4): (4, 120, 91),
    ("hex8", 2): (4, 18, 31),
    ("hex8", 3): (3, 24, 21),
    ("hex8", 4): (3, 30, 16),
    ("hexagonal", 2): (4, 96, 235),
    ("hexagonal", 3): (4, 128, 157),
    ("hexagonal", 4): (4, 160, 118),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("fingerprint", "digits"), HASHES.items())
def test_hash_check_values(engine: str, fingerprint: str, digits: str) -> None:
    """The compact hash of known fingerprints has the published digits."""
    assert ENGINES[engine].hash(fingerprint) == digits


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("board", BOARD_NAMES)
def test_opening_position(engine: str, board: str) -> None:
    """A fresh game has every ring in hand and three placements on every cell."""
    game = ENGINES[engine].new(board, 2, "ref", {})
    supply = oracle_board(board).supply
    assert game.fingerprint() == f"1:ring_placement:active:0#1:{supply}:0:0|2:{supply}:0:0###"
    assert len(game.legal_keys()) == 3 * len(oracle_board(board).cells)


@pytest.mark.parametrize(("board", "cells"), [("square8", 64), ("square19", 361), ("hex8", 61), ("hexagonal", 469)])
def test_oracle_boards(board: str, cells: int) -> None:
    """Cell counts are as published, and both adjacencies are symmetric."""
    tables = oracle_board(board)
    assert len(tables.cells) == cells
    for near in (tables.territory, tables.growth):
        assert all(cell in near[other] for cell in tables.cells for other in near[cell])
    assert all(
        cell in tables.rays[other][(axis + tables.axes) % (2 * tables.axes)]
        for cell in tables.cells[:: cells // 16]
        for axis, ray in enumerate(tables.rays[cell])
        for other in ray
    )


@pytest.mark.parametrize(("board", "seats"), TARGETS)
def test_oracle_targets(board: str, seats: int) -> None:
    """Line lengths and winning thresholds are as published."""
    tables = oracle_board(board)
    found = tables.line_length(seats), tables.ring_target(seats, tables.supply), tables.territory_target(seats)
    assert found == TARGETS[board, seats]


def test_traces_state_the_same_targets() -> None:
    """The thresholds in the headers of the traces are those of the table."""
    for name, trace in traces().items():
        targets = TARGETS[trace["boardType"], trace["numPlayers"]][1:]
        assert (trace["victoryThreshold"], trace["territoryVictoryMinimum"]) == targets, name
