"""Rotating or reflecting the board, or renaming the seats, changes nothing else (I17, I18)."""

import numpy as np
import pytest
from numpy.typing import NDArray

from play.games.registry import get_ringrift
from play.games.ringrift import codes
from play.games.ringrift.boards import cell_keys, coordinates
from play.games.ringrift.engine import RingRift
from play.games.ringrift.notation import fingerprint, rings_string
from play.games.ringrift.state import State
from play.games.ringrift.turn import apply_row
from tests.play.games.checks import legal, random_position, single

ONE = np.zeros(1, np.int64)
SEAT_FIELDS = (codes.MOVER, codes.WINNER, codes.LAST_ACTOR, codes.LPS_FIRST, codes.LPS_SEAT)
SEAT_BITS = (codes.LPS_MASK, codes.LPS_SEEN, codes.MOVED)


def images(board_type: str) -> list[NDArray[np.int64]]:
    """Where each cell goes under two symmetries that generate all: a rotation and a reflection."""
    cells = coordinates(board_type)
    index = {cell: number for number, cell in enumerate(cells)}
    if cell_keys(board_type)[0].count(",") == 2:
        places = [[(-y, x + y) for x, y in cells], [(y, x) for x, y in cells]]
    else:
        top = cells[-1][0]
        places = [[(top - y, x) for x, y in cells], [(top - x, y) for x, y in cells]]
    return [np.array([*(index[place] for place in image), len(cells)], np.int64) for image in places]


def turned(state: State, image: NDArray[np.int64]) -> State:
    """The same game on a turned board."""
    state = State._make(array.copy() for array in state)
    for array in state[:6]:
        array[:, image] = array.copy()
    for field in (codes.MUST_CELL, codes.CHAIN_CELL, codes.ACT_CELL):
        cell = state.turn[0, field]
        state.turn[0, field] = image[cell] if cell >= 0 else -1
    return state


def renamed(state: State, seats: int) -> State:
    """The same game with every seat called the next one."""
    state = State._make(array.copy() for array in state)
    state.owner[state.owner >= 0] = (state.owner[state.owner >= 0] + 1) % seats
    for cell in np.flatnonzero(state.height[0]):
        rings = [int(state.rings[0, cell]) >> (2 * depth) & 3 for depth in range(int(state.height[0, cell]))]
        state.rings[0, cell] = sum((ring + 1) % seats << (2 * depth) for depth, ring in enumerate(rings))
    for array in state[6:13]:
        array[:] = np.roll(array, 1, axis=1)
    for field in SEAT_FIELDS:
        if state.turn[0, field] >= 0:
            state.turn[0, field] = (state.turn[0, field] + 1) % seats
    for field in SEAT_BITS:
        bits = int(state.turn[0, field])
        state.turn[0, field] = sum(1 << (seat + 1) % seats for seat in range(seats) if bits >> seat & 1)
    return state


def portrait(ringrift: RingRift, state: State) -> str:
    """Everything that can be seen of a game, with its last-player-standing facts."""
    game = single(state)
    seen = fingerprint(ringrift.board_type, game) + rings_string(ringrift.board_type, game)
    return f"{seen} {game.turn[codes.LPS_FIRST : codes.LPS_STREAK + 1].tolist()}"


def successors(ringrift: RingRift, state: State) -> list[State]:
    """The states that the legal moves lead to."""
    after = []
    for row in legal(ringrift.board, single(state)):
        after.append(ringrift.copy(state, ONE))
        apply_row(ringrift.board, single(after[-1]), row)
    return after


@pytest.mark.parametrize(("board_type", "players"), [("square8", 2), ("square8", 4), ("hexagonal", 2)])
def test_the_board_has_no_up_or_down(board_type: str, players: int) -> None:
    """Turning the board and then moving is moving and then turning it, over whole turns."""
    ringrift = get_ringrift(board_type, players)
    for seed in range(12):
        state = random_position(ringrift, seed, 3 + 6 * seed % 55)
        if single(state).stacks[single(state).turn[codes.MOVER]] == 0:
            continue  # a recovery takes the first axis, which turning changes
        after = successors(ringrift, state)
        for image in images(board_type):
            expected = sorted(portrait(ringrift, turned(child, image)) for child in after)
            found = sorted(portrait(ringrift, child) for child in successors(ringrift, turned(state, image)))
            assert found == expected


@pytest.mark.parametrize(("board_type", "players"), [("hex8", 3), ("square8", 4)])
def test_seats_have_no_rank(board_type: str, players: int) -> None:
    """Renaming the seats and then moving is moving and then renaming them."""
    ringrift = get_ringrift(board_type, players)
    for seed in range(12):
        state = random_position(ringrift, seed, 3 + 7 * seed % 60)
        expected = sorted(portrait(ringrift, renamed(child, players)) for child in successors(ringrift, state))
        found = sorted(portrait(ringrift, child) for child in successors(ringrift, renamed(state, players)))
        assert found == expected
