"""A game told by one position at a time, put behind the seam of game.py: for games whose rules are short, or somebody else's.

It loops in Python, so a game that is to be fast implements `Game` itself. A position has no chance in it: a recorded game is its
moves, and has to be the same game whenever they are played again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from play.games.game import Bools, Float32s, Float64s, Int8s, Int16s, Int64s, Moves
from play.games.randomness import uniform

_DIGIT = 1 << 15


class Position(Protocol):
    """One game at one moment."""

    def mover(self) -> int:
        """The seat to decide, 0-based; -1 once the game is over."""

    def legal(self) -> Sequence[int]:
        """The numbers of the legal actions, each once; some while the game is not over."""

    def play(self, action: int) -> None:
        """Make a legal move. In place."""

    def returns(self) -> Sequence[float]:
        """What each seat has got of a game that is over; more is better, and nothing but the order counts."""

    def observe(self) -> Float32s:
        """float32[observation_shape]: what the mover sees."""

    def describe(self, action: int) -> str:
        """The name of a legal action."""

    def copy(self) -> Position:
        """The same position, which goes its own way from here on."""


class Positions(NamedTuple):
    """A batch of B games."""

    games: list[Position]
    seed: Int64s  # [B]
    counter: Int64s  # [B] numbers drawn


class PositionGame:
    """The game that begins with `start()`; implements `Game`. `actions`: their numbers are 0 to actions - 1."""

    profile = "canonical"

    def __init__(
        self, board_type: str, num_players: int, start: Callable[[], Position], *, rules_version: str, actions: int,
        observation_shape: tuple[int, int, int], max_decisions: int,
    ) -> None:  # fmt: skip
        self.board_type, self.num_players, self.rules_version = board_type, num_players, rules_version
        self.observation_shape, self.max_decisions = observation_shape, max_decisions
        area = observation_shape[1] * observation_shape[2]
        self.num_actions = -(-actions // area) * area  # whole planes, so that a convolution can give them
        self._start = start

    def new(self, seeds: Int64s) -> Positions:
        """One fresh game for each seed."""
        return Positions([self._start() for _ in seeds], np.array(seeds, np.int64), np.zeros(len(seeds), np.int64))

    def mover(self, states: Positions) -> Int8s:
        """int8[B]: the seat to decide; -1 where the game is over."""
        return np.array([each.mover() for each in states.games], np.int8)

    def over(self, states: Positions) -> Bools:
        """bool[B]: which games have ended."""
        return np.asarray(self.mover(states) < 0)

    def legal_moves(self, states: Positions, which: Int64s) -> Moves:
        """The legal moves of K live games; an action's number is in source and target, 15 bits each."""
        legal = [np.array(states.games[index].legal(), np.int64) for index in which]
        rows = np.zeros((sum(map(len, legal)), 4), np.int16)
        if legal:
            rows[:, 1], rows[:, 2] = np.divmod(np.concatenate(legal), _DIGIT)
        return Moves(rows, np.cumsum([0, *map(len, legal)], dtype=np.int64))

    def actions(self, states: Positions, which: Int64s, moves: Moves) -> Int64s:
        """int64[total]: the number of every move."""
        return moves.rows[:, 1].astype(np.int64) * _DIGIT + moves.rows[:, 2]

    def apply(self, states: Positions, which: Int64s, rows: Int16s) -> None:
        """Play one decision in each of K distinct games. In place."""
        for index, row in zip(which, rows, strict=True):
            states.games[index].play(_number(row))

    def scores(self, states: Positions, which: Int64s) -> Float64s:
        """float64[K, num_players]: the share of opponents each seat outranks, ties half."""
        got = np.array([states.games[index].returns() for index in which]).reshape(len(which), self.num_players)
        outranked = (got[:, :, None] > got[:, None, :]).sum(axis=2) + (got[:, :, None] == got[:, None, :]).sum(
            axis=2
        ) / 2
        return np.asarray((outranked - 0.5) / (self.num_players - 1))

    def observe(self, states: Positions, which: Int64s) -> Float32s:
        """float32[K, planes, height, width], as each mover sees it."""
        seen = [states.games[index].observe() for index in which]
        return np.array(seen, np.float32).reshape(len(which), *self.observation_shape)

    def draws(self, states: Positions, which: Int64s) -> Float64s:
        """float64[K]: a number in [0, 1) for each, by the game's own counter, which moves on."""
        states.counter[which] += 1
        return uniform(states.seed[which], states.counter[which])

    def random_rows(self, states: Positions, which: Int64s) -> Int16s:
        """int16[K, 4]: a uniformly drawn legal move for each, by the game's own counter."""
        moves = self.legal_moves(states, which)
        places = (self.draws(states, which) * np.diff(moves.offsets)).astype(np.int64)
        return np.asarray(moves.rows[moves.offsets[:-1] + places])

    def copy(self, states: Positions, which: Int64s) -> Positions:
        """A new batch holding copies of the named games."""
        return Positions([states.games[index].copy() for index in which], states.seed[which], states.counter[which])

    def describe(self, states: Positions, index: int, row: Int16s) -> str:
        """The move's name."""
        return states.games[index].describe(_number(row))


def _number(row: Int16s) -> int:
    return int(row[1]) * _DIGIT + int(row[2])
