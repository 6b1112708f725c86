"""Boards, thresholds, ring words and notation of RingRift."""

import numpy as np
import pytest

from play.games.registry import BOARD_TYPES, get_ringrift
from play.games.ringrift import stacks
from play.games.ringrift.boards import cell_keys, make_rules
from play.games.ringrift.notation import compact_hash, fingerprint
from play.games.ringrift.state import view

CELLS = {"square8": 64, "square19": 361, "hex8": 61, "hexagonal": 469}
# Section 1.2: (line length, ring target, territory minimum) for 2, 3 and 4 players.
NUMBERS = {
    "square8": ((4, 18, 33), (3, 24, 22), (3, 30, 17)),
    "square19": ((4, 72, 181), (4, 96, 121), (4, 120, 91)),
    "hex8": ((4, 18, 31), (3, 24, 21), (3, 30, 16)),
    "hexagonal": ((4, 96, 235), (4, 128, 157), (4, 160, 118)),
}


@pytest.mark.parametrize("board_type", BOARD_TYPES)
def test_steps_are_symmetric_and_end_at_the_wall(board_type: str) -> None:
    """Every step has its way back, the wall leads nowhere, and cell names are distinct."""
    board = get_ringrift(board_type, 2).board
    wall = board.cells
    assert wall == CELLS[board_type] == len(set(cell_keys(board_type)))
    assert (board.step[wall] == wall).all()
    assert len(set(board.grid.tolist())) == wall
    for cell in range(wall):
        for direction in range(board.directions):
            at = board.step[cell, direction]
            back = (direction + board.axes) % board.directions
            assert at == wall or board.step[at, back] == cell
        assert all(at == wall or cell in board.near[at] for at in board.near[cell])


@pytest.mark.parametrize("board_type", BOARD_TYPES)
def test_thresholds_are_those_of_the_rules(board_type: str) -> None:
    """Line length, ring target and territory minimum follow the table for every number of players."""
    for players, numbers in zip((2, 3, 4), NUMBERS[board_type], strict=True):
        rules = make_rules(board_type, players)
        assert (rules.line_length, rules.ring_target, rules.territory_minimum) == numbers


def test_hex8_border_growth_has_two_odd_neighbours() -> None:
    """On hex8 a border grows through (1,1) and (-1,-1) too; on the large hexagonal board it does not grow."""
    board = get_ringrift("hex8", 2).board
    names = cell_keys("hex8")
    grown = {names[at] for at in board.grow[names.index("0,0,0")]}
    assert {"1,1,-2", "-1,-1,2"} < grown
    large = get_ringrift("hexagonal", 2).board
    assert (large.grow == large.cells).all()


def test_unknown_games_are_refused_by_name() -> None:
    """The error names what was asked for and what there is."""
    with pytest.raises(ValueError, match="board type 'hex9'.*hex8, square8, square19, hexagonal"):
        get_ringrift("hex9", 2)
    with pytest.raises(ValueError, match="number of players 5.*2, 3, 4"):
        get_ringrift("hex8", 5)
    with pytest.raises(ValueError, match="profile 'loose'.*canonical, ref, strict"):
        get_ringrift("hex8", 2, "loose")


def test_ring_words_keep_the_tallest_stack() -> None:
    """A stack of the greatest height loses and gains rings at both ends without harm."""
    rings = [index * 7 % 4 for index in range(stacks.MAX_HEIGHT)]
    word = 0
    for height, ring in enumerate(rings):
        word = stacks.push_bottom(word, height, ring)
    assert [word >> (2 * depth) & 3 for depth in range(len(rings))] == rings
    depth = stacks.lowest_of(word, len(rings), 2)
    assert depth == max(index for index, ring in enumerate(rings) if ring == 2)
    shorter = stacks.drop(word, depth)
    assert [shorter >> (2 * at) & 3 for at in range(len(rings) - 1)] == rings[:depth] + rings[depth + 1 :]
    assert stacks.cap_of(0b01_10_10_10, 4) == 3
    assert stacks.lowest_of(0b01_01, 2, 3) == -1


@pytest.mark.parametrize(
    ("board_type", "players", "text", "digest"),
    [
        ("square8", 2, "1:ring_placement:active:0#1:18:0:0|2:18:0:0###", "64d970e91e560723"),
        ("square8", 3, "1:ring_placement:active:0#1:18:0:0|2:18:0:0|3:18:0:0###", "56902c67f0a0b738"),
        ("square19", 2, "1:ring_placement:active:0#1:72:0:0|2:72:0:0###", "c04c80fcd6654a8b"),
        ("hexagonal", 2, "1:ring_placement:active:0#1:96:0:0|2:96:0:0###", "cabdde4bd44352cf"),
    ],
)
def test_opening_fingerprints_and_hashes(board_type: str, players: int, text: str, digest: str) -> None:
    """The opening position of each board has the fingerprint and hash the rules print."""
    game = get_ringrift(board_type, players)
    assert fingerprint(board_type, view(game.new(np.zeros(1, np.int64)), 0)) == text
    assert compact_hash(text) == digest
