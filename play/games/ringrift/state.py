"""The state of a batch of games as a NamedTuple of arrays, and every elementary change of a cell.

One game is the same tuple holding that game's rows (see `one`); kernels take (board, game, ...). The counts per seat
(`stacks`, `markers`, `on_board`, `territory`) are kept right by the functions here: change cells only through them.
Seats are 0-based, and also the colours of rings.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.codes import (
    ACT_CELL,
    BIRTHS,
    CHAIN_CELL,
    COLLAPSED,
    DRAWS,
    EMPTY,
    LAST_ACTOR,
    LPS_FIRST,
    LPS_SEAT,
    MARKER,
    MOVER,
    MUST_CELL,
    PLY,
    SEED,
    STACK,
    TURN_FIELDS,
    WINNER,
)
from play.games.ringrift.jit import inner_kernel, kernel, leaf_kernel
from play.games.ringrift.stacks import cap_of, drop, lowest_of


class State(NamedTuple):
    """A batch of B games on a board of C cells with n seats; of one game the first axis is gone.

    Arrays over cells have a last entry for the wall, which is collapsed and nobody's.
    """

    kind: NDArray[np.int8]  # [B, C + 1] EMPTY, STACK, MARKER or COLLAPSED
    owner: NDArray[np.int8]  # [B, C + 1] controller of a stack, owner of a marker or collapsed cell; -1 none
    height: NDArray[np.int8]  # [B, C + 1] rings in the stack, 0 without
    cap: NDArray[np.int8]  # [B, C + 1] equal rings from the top, 0 without
    rings: NDArray[np.int64]  # [B, C + 1] two bits a ring, the top ring lowest (stacks.py)
    born: NDArray[np.int64]  # [B, C + 1] when the stack appeared here; orders what the engine picks itself
    hand: NDArray[np.int64]  # [B, n] rings not yet placed
    credit: NDArray[np.int64]  # [B, n] eliminated rings booked to the seat
    territory: NDArray[np.int64]  # [B, n] collapsed cells owned
    stacks: NDArray[np.int64]  # [B, n] stacks controlled
    markers: NDArray[np.int64]  # [B, n] markers owned
    on_board: NDArray[np.int64]  # [B, n] rings of that colour in any stack
    out_at: NDArray[np.int64]  # [B, n] the ply (from 1) at which the seat lost its last ring, 0 never
    turn: NDArray[np.int64]  # [B, TURN_FIELDS] the facts named in codes.py: MOVER, PHASE, WINNER, ...


def blank(cells: int, supply: int, seats: int, seeds: NDArray[np.int64]) -> State:
    """B games in the starting position (1.4)."""
    batch = len(seeds)
    by_cell, by_seat = (batch, cells + 1), (batch, seats)
    state = State(
        kind=np.zeros(by_cell, np.int8),
        owner=np.full(by_cell, -1, np.int8),
        height=np.zeros(by_cell, np.int8),
        cap=np.zeros(by_cell, np.int8),
        rings=np.zeros(by_cell, np.int64),
        born=np.zeros(by_cell, np.int64),
        hand=np.full(by_seat, supply, np.int64),
        credit=np.zeros(by_seat, np.int64),
        territory=np.zeros(by_seat, np.int64),
        stacks=np.zeros(by_seat, np.int64),
        markers=np.zeros(by_seat, np.int64),
        on_board=np.zeros(by_seat, np.int64),
        out_at=np.zeros(by_seat, np.int64),
        turn=np.zeros((batch, TURN_FIELDS), np.int64),
    )
    state.kind[:, cells] = COLLAPSED
    for field in (WINNER, MUST_CELL, CHAIN_CELL, ACT_CELL, LAST_ACTOR, LPS_FIRST, LPS_SEAT):
        state.turn[:, field] = -1
    state.turn[:, SEED] = seeds
    return state


def take(state: State, which: NDArray[np.int64]) -> State:
    """A new batch with copies of the named games."""
    return State._make(array[which] for array in state)


def view(state: State, index: int) -> State:
    """`one` for callers outside kernels."""
    return State._make(array[index] for array in state)


@kernel
def one(state: State, index: int) -> State:
    """One game of a batch: views, so that changes show in the batch."""
    return State(
        state.kind[index],
        state.owner[index],
        state.height[index],
        state.cap[index],
        state.rings[index],
        state.born[index],
        state.hand[index],
        state.credit[index],
        state.territory[index],
        state.stacks[index],
        state.markers[index],
        state.on_board[index],
        state.out_at[index],
        state.turn[index],
    )


@inner_kernel
def copy_game(source: State, index: int, target: State, place: int) -> None:
    """Copy one game of a batch over one game of another batch."""
    # Element by element: a slice assignment would allocate.
    for cell in range(source.kind.shape[1]):
        target.kind[place, cell] = source.kind[index, cell]
        target.owner[place, cell] = source.owner[index, cell]
        target.height[place, cell] = source.height[index, cell]
        target.cap[place, cell] = source.cap[index, cell]
        target.rings[place, cell] = source.rings[index, cell]
        target.born[place, cell] = source.born[index, cell]
    for seat in range(source.hand.shape[1]):
        target.hand[place, seat] = source.hand[index, seat]
        target.credit[place, seat] = source.credit[index, seat]
        target.territory[place, seat] = source.territory[index, seat]
        target.stacks[place, seat] = source.stacks[index, seat]
        target.markers[place, seat] = source.markers[index, seat]
        target.on_board[place, seat] = source.on_board[index, seat]
        target.out_at[place, seat] = source.out_at[index, seat]
    for field in range(TURN_FIELDS):
        target.turn[place, field] = source.turn[index, field]


@inner_kernel
def set_stack(game: State, cell: int, rings: int, height: int) -> None:
    """Put these rings on a cell that is empty or holds a stack; with height 0 the cell becomes empty (3.2)."""
    if game.kind[cell] == STACK:
        game.stacks[game.owner[cell]] -= 1
    else:
        game.turn[BIRTHS] += 1
        game.born[cell] = game.turn[BIRTHS]
    game.rings[cell] = rings
    game.height[cell] = height
    game.cap[cell] = cap_of(rings, height)
    if height == 0:
        game.kind[cell] = EMPTY
        game.owner[cell] = -1
        return
    owner = rings & 3
    game.kind[cell] = STACK
    game.owner[cell] = owner
    game.stacks[owner] += 1


@inner_kernel
def put_marker(game: State, cell: int, seat: int) -> None:
    """Put a marker on a cell that is empty or holds a marker."""
    remove_marker(game, cell)
    game.kind[cell] = MARKER
    game.owner[cell] = seat
    game.markers[seat] += 1


@inner_kernel
def remove_marker(game: State, cell: int) -> None:
    """Take the marker, if any, off a cell, which becomes empty."""
    if game.kind[cell] == MARKER:
        game.markers[game.owner[cell]] -= 1
        game.kind[cell] = EMPTY
        game.owner[cell] = -1


@inner_kernel
def collapse(game: State, cell: int, seat: int) -> None:
    """Collapse a cell without stack to a seat, for ever; a collapsed cell keeps its owner."""
    if game.kind[cell] == COLLAPSED:
        return
    remove_marker(game, cell)
    game.kind[cell] = COLLAPSED
    game.owner[cell] = seat
    game.territory[seat] += 1


@inner_kernel
def book(game: State, colour: int) -> None:
    """One ring of a colour is eliminated, to the mover's credit (3.3)."""
    game.credit[game.turn[MOVER]] += 1
    game.on_board[colour] -= 1
    if game.on_board[colour] == 0 and game.hand[colour] == 0:
        game.out_at[colour] = game.turn[PLY] + 1


@inner_kernel
def eliminate_top(game: State, cell: int, count: int) -> None:
    """Eliminate rings from the top of a stack."""
    rings = int(game.rings[cell])
    for _ in range(count):
        book(game, rings & 3)
        rings >>= 2
    set_stack(game, cell, rings, int(game.height[cell]) - count)


@inner_kernel
def extract_lowest(game: State, cell: int, colour: int) -> None:
    """Eliminate the ring of a colour nearest the bottom of a stack that holds one."""
    rings = int(game.rings[cell])
    height = int(game.height[cell])
    book(game, colour)
    set_stack(game, cell, drop(rings, lowest_of(rings, height, colour)), height - 1)


@leaf_kernel
def has_rings(game: State, seat: int) -> bool:
    """Whether a seat still has a ring anywhere (3.4)."""
    return bool(game.hand[seat] > 0 or game.on_board[seat] > 0)


@inner_kernel
def random_below(game: State, limit: int) -> int:
    """A number in 0..limit-1 from the game's own seed and counter: independent of batches and threads.

    Hashes (seed, counter) with multiply-xorshift rounds on 32-bit values held in int64, which never overflows.
    """
    game.turn[DRAWS] += 1
    mixed = int(game.turn[DRAWS])
    seed = int(game.turn[SEED])
    for part in (seed & 0xFFFFFFFF, (seed >> 32) & 0xFFFFFFFF, 0x9E3779B9):
        mixed = (mixed ^ part) & 0xFFFFFFFF
        mixed = ((mixed >> 16) ^ mixed) * 0x45D9F3B & 0xFFFFFFFF
        mixed = ((mixed >> 16) ^ mixed) * 0x45D9F3B & 0xFFFFFFFF
        mixed = (mixed >> 16) ^ mixed
    return (mixed * limit) >> 32
