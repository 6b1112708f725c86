"""The invariants of section 18 of the rules, recomputed from a state in plain numpy, and small helpers of the tests."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift import codes
from play.games.ringrift.boards import Board
from play.games.ringrift.engine import RingRift
from play.games.ringrift.legal import legal_into
from play.games.ringrift.mobility import CAPTURES, stack_mobile
from play.games.ringrift.state import State, view
from play.games.ringrift.territory import payable

BOOKKEEPING = (
    codes.NO_PLACEMENT_ACTION,
    codes.NO_MOVEMENT_ACTION,
    codes.NO_LINE_ACTION,
    codes.NO_TERRITORY_ACTION,
)
SKIPS = (
    codes.SKIP_PLACEMENT,
    codes.SKIP_CAPTURE,
    codes.SKIP_RECOVERY,
    codes.SKIP_TERRITORY_PROCESSING,
)


def colours(game: State, cell: int) -> list[int]:
    """The rings of a stack, top first."""
    return [int(game.rings[cell]) >> (2 * depth) & 3 for depth in range(int(game.height[cell]))]


def progress(game: State) -> int:
    """S, recomputed from the cells (17.3)."""
    kinds = game.kind[:-1]
    return int((kinds == codes.MARKER).sum() + (kinds == codes.COLLAPSED).sum() + game.credit.sum())


def legal(board: Board, game: State) -> NDArray[np.int16]:
    """The legal moves of one game, bookkeeping included."""
    rows = np.empty((board.max_moves, 4), np.int16)
    return rows[: legal_into(board, game, rows)]


def check_cells(board: Board, game: State) -> None:
    """I1, I2: every cell is in one condition, and what is stored about stacks is what their rings say."""
    assert game.kind[board.cells] == codes.COLLAPSED
    assert game.owner[board.cells] == -1
    for cell in range(board.cells):
        rings = colours(game, cell)
        assert bool(rings) == (game.kind[cell] == codes.STACK)
        assert (game.owner[cell] == -1) == (game.kind[cell] == codes.EMPTY)
        if rings:
            cap = next((depth for depth, ring in enumerate(rings) if ring != rings[0]), len(rings))
            assert (game.owner[cell], game.cap[cell]) == (rings[0], cap)
        else:
            assert game.rings[cell] == game.cap[cell] == 0


def check_counts(board: Board, game: State) -> None:
    """I3 to I6: rings are conserved, and every count per seat is what the board shows."""
    everything = [ring for cell in range(board.cells) for ring in colours(game, cell)]
    kinds, owners = game.kind[:-1], game.owner[:-1]
    for seat in range(board.rules.num_players):
        own = owners == seat
        assert game.on_board[seat] == everything.count(seat)
        assert game.stacks[seat] == (own & (kinds == codes.STACK)).sum()
        assert game.markers[seat] == (own & (kinds == codes.MARKER)).sum()
        assert game.territory[seat] == (own & (kinds == codes.COLLAPSED)).sum()
        assert game.on_board[seat] + game.hand[seat] <= board.rules.supply
    total = board.rules.num_players * board.rules.supply
    assert game.hand.sum() + len(everything) + game.credit.sum() == total


def check_turn(board: Board, game: State) -> None:
    """I11 to I14: there is always a move, and the facts of the turn fit its phase."""
    turn, phase = game.turn, game.turn[codes.PHASE]
    if phase == codes.GAME_OVER:
        assert turn[codes.WINNER] == turn[codes.MOVER] >= 0
        return
    assert len(legal(board, game)) >= 1
    mover = int(turn[codes.MOVER])
    assert phase != codes.RING_PLACEMENT or game.hand[mover] + game.on_board[mover] > 0
    chain = int(turn[codes.CHAIN_CELL])
    assert (chain >= 0) == (phase == codes.CHAIN_CAPTURE)
    assert chain < 0 or (game.owner[chain] == mover and stack_mobile(board, game, chain, CAPTURES))
    assert not turn[codes.PENDING_LINE] or (phase == codes.LINE_PROCESSING and game.stacks[mover] > 0)
    if turn[codes.PENDING_TERRITORY]:
        assert phase == codes.TERRITORY_PROCESSING
        assert any(payable(game, cell) for cell in range(board.cells))
    moving = (codes.MOVEMENT, codes.CAPTURE, codes.CHAIN_CAPTURE)
    assert turn[codes.MUST_CELL] < 0 or phase in moving


def check_step(before: State, after: State, row: NDArray[np.int16]) -> None:
    """I7 to I9: nothing is given back, and the progress measure grows as the move's kind says."""
    collapsed = before.kind == codes.COLLAPSED
    assert (after.kind[collapsed] == codes.COLLAPSED).all()
    assert (after.owner[collapsed] == before.owner[collapsed]).all()
    assert (after.credit >= before.credit).all()
    assert (after.territory >= before.territory).all()
    assert (after.hand <= before.hand).all()
    gained = progress(after) - progress(before)
    kind = int(row[0])
    if kind in (codes.MOVE_STACK, codes.OVERTAKING_CAPTURE, codes.CONTINUE_CAPTURE_SEGMENT):
        assert gained == 1
    elif kind == codes.RECOVERY_SLIDE:
        assert gained == (0 if int(row[3]) % codes.EXTRACTION_STEP >= codes.RECOVER_WINDOW else 1)
    elif kind in (codes.ELIMINATE_RINGS, codes.FORCED_ELIMINATION_MOVE):
        assert gained >= 1
    elif kind == codes.CHOOSE_TERRITORY_OPTION:
        assert gained >= 0  # a region may hold nothing but markers
    else:
        assert gained == 0


def random_position(game: RingRift, seed: int, decisions: int) -> State:
    """A batch of one after so many random decisions; a game that ends earlier is replaced by the next seed's."""
    which = np.zeros(1, np.int64)
    states = game.new(np.array([seed]))
    for _ in range(decisions):
        if game.over(states)[0]:
            return random_position(game, seed + 1000, decisions)
        game.apply(states, which, game.random_rows(states, which))
    return random_position(game, seed + 1000, decisions) if game.over(states)[0] else states


def single(states: State) -> State:
    """The only game of a batch of one."""
    return view(states, 0)
