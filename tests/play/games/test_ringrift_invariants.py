"""The invariants of RingRift hold after every move of random and of stubborn play (section 18)."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from play.games.registry import get_ringrift
from play.games.ringrift import codes
from play.games.ringrift.engine import RingRift
from play.games.ringrift.state import State, random_below
from play.games.ringrift.turn import apply_row
from tests.play.games.checks import (
    SKIPS,
    check_cells,
    check_counts,
    check_step,
    check_turn,
    legal,
    single,
)

Rows = NDArray[np.int16]
Policy = Callable[[State, Rows], int]


def at_random(game: State, rows: Rows) -> int:
    """Any move."""
    return random_below(game, len(rows))


def skipping(game: State, rows: Rows) -> int:
    """A skip wherever there is one."""
    skips = np.flatnonzero(np.isin(rows[:, 0], SKIPS))
    return int(skips[0]) if len(skips) else random_below(game, len(rows))


def first(game: State, rows: Rows) -> int:
    """The first move listed."""
    return 0


def last(game: State, rows: Rows) -> int:
    """The last move listed, which is a skip where there is one."""
    return len(rows) - 1


def play(ringrift: RingRift, seed: int, policy: Policy, limit: int = 1500) -> State:
    """Play one game record by record, checking every invariant; fail if it does not end within `limit` records."""
    state = ringrift.start(np.array([seed]))
    game, board = single(state), ringrift.board
    for _ in range(limit):
        if game.turn[codes.PHASE] == codes.GAME_OVER:
            return game
        rows = legal(board, game)
        row = rows[policy(game, rows)]
        before = single(ringrift.copy(state, np.zeros(1, np.int64)))
        apply_row(board, game, row)
        check_cells(board, game)
        check_counts(board, game)
        check_turn(board, game)
        check_step(before, game, row)
        check_order(before, game)
    raise AssertionError(f"no end after {limit} records")


def check_order(before: State, after: State) -> None:
    """I15, I10: phases of a turn only go forward; a turn without an act pays if its seat controls a stack."""
    same_turn = before.turn[codes.MOVER] == after.turn[codes.MOVER] and after.turn[codes.PHASE] != 0
    if same_turn:
        assert after.turn[codes.PHASE] >= before.turn[codes.PHASE]
    ended = after.turn[codes.PHASE] == codes.RING_PLACEMENT and before.turn[codes.PHASE] != codes.RING_PLACEMENT
    if ended and not before.turn[codes.ACTED] and before.turn[codes.PHASE] == codes.TERRITORY_PROCESSING:
        assert before.stacks[before.turn[codes.MOVER]] == 0


@pytest.mark.parametrize("policy", [at_random, skipping, first, last])
@pytest.mark.parametrize(("board_type", "players"), [("hex8", 2), ("hex8", 4), ("square8", 2), ("square8", 3)])
def test_small_boards_keep_the_invariants_and_end(board_type: str, players: int, policy: Policy) -> None:
    """Whatever the players do, every state is sound and the game ends with one winner."""
    ringrift = get_ringrift(board_type, players)
    for seed in range(3):
        assert play(ringrift, seed, policy).turn[codes.WINNER] >= 0


@pytest.mark.parametrize("profile", ["ref", "strict"])
def test_other_profiles_keep_the_invariants(profile: str) -> None:
    """The profiles of the fixtures are as sound as the canonical one."""
    for seed in range(3):
        play(get_ringrift("square8", 2, profile), seed, at_random)
        play(get_ringrift("hex8", 3, profile), seed, skipping)


def test_large_boards_keep_the_invariants_for_a_while() -> None:
    """The openings and middle games of the large boards are sound."""
    for board_type in ("square19", "hexagonal"):
        with pytest.raises(AssertionError, match="no end after 120"):
            play(get_ringrift(board_type, 2), 0, at_random, limit=120)
