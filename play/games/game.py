"""The seam between games and those who play them; knows no rule of any game.

Batch is an axis: every method takes a batch of games and the indices (`which`) it is about. Moves are rows of four
int16 whose meaning belongs to the game.
"""

from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Int8s: TypeAlias = NDArray[np.int8]
Int16s: TypeAlias = NDArray[np.int16]
Int64s: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Float32s: TypeAlias = NDArray[np.float32]
Float64s: TypeAlias = NDArray[np.float64]

# A batch of games: a NamedTuple of arrays with the batch as first axis. Only the game itself looks inside.
States: TypeAlias = Any


class Moves(NamedTuple):
    """Legal moves of several games, end to end.

    rows: int16[total, 4], (kind, source, target, aux). offsets: int64[K + 1]; the moves of the k-th game asked about
    are rows[offsets[k]:offsets[k + 1]].
    """

    rows: Int16s
    offsets: Int64s


class Game(Protocol):
    """The rules of one configuration (board type and number of players) under one profile."""

    @property
    def board_type(self) -> str: ...

    @property
    def num_players(self) -> int: ...

    @property
    def profile(self) -> str: ...

    @property
    def rules_version(self) -> str:
        """Name and number of these rules; another number whenever the same moves could lead elsewhere."""

    @property
    def num_actions(self) -> int:
        """Size of the flat policy head: policy planes * height * width."""

    @property
    def observation_shape(self) -> tuple[int, int, int]:
        """(planes, height, width) of one observation."""

    @property
    def max_decisions(self) -> int:
        """Decisions after which the caller should stop a game and call it truncated."""

    def new(self, seeds: Int64s) -> States:
        """One fresh game for each seed, settled to its first decision."""

    def mover(self, states: States) -> Int8s:
        """int8[B]: the seat to decide, 0-based; -1 where the game is over."""

    def over(self, states: States) -> Bools:
        """bool[B]: which games have ended."""

    def legal_moves(self, states: States, which: Int64s) -> Moves:
        """The legal moves of K live games; never empty for any of them."""

    def actions(self, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[total]: the policy index of every move, distinct within one decision."""

    def apply(self, states: States, which: Int64s, rows: Int16s) -> None:
        """Play one decision in each of K distinct games, then settle each to its next decision. In place."""

    def scores(self, states: States, which: Int64s) -> Float64s:
        """float64[K, num_players]: the share of opponents each seat outranks, ties half. 0.5 is parity."""

    def observe(self, states: States, which: Int64s) -> Float32s:
        """float32[K, planes, height, width] from the mover's point of view."""

    def random_rows(self, states: States, which: Int64s) -> Int16s:
        """int16[K, 4]: a uniformly drawn legal move for each, by the game's own random counter."""

    def draws(self, states: States, which: Int64s) -> Float64s:
        """float64[K]: a number in [0, 1) for each, by the game's own random counter, which moves on."""

    def copy(self, states: States, which: Int64s) -> States:
        """A new batch holding copies of the named games."""

    def describe(self, states: States, index: int, row: Int16s) -> str:
        """The move of one game as its record key."""
