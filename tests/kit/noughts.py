"""A second game, to show that nothing but RingRift's own package knows RingRift: noughts and crosses in numpy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from play.games.game import Bools, Float32s, Float64s, Int8s, Int16s, Int64s, Moves

LINES = np.array([[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]])


class Boards(NamedTuple):
    """cells: int8[B, 9], -1 empty, else the seat. counter: int64[B], the random counter."""

    cells: Int8s
    counter: Int64s


class Noughts:
    """Three in a row wins."""

    board_type, num_players, profile = "noughts", 2, "canonical"
    rules_version = "noughts 1"
    num_actions, observation_shape, max_decisions = 9, (2, 3, 3), 9

    def new(self, seeds: Int64s) -> Boards:
        return Boards(np.full((len(seeds), 9), -1, np.int8), np.array(seeds, np.int64) * 1_000_003)

    def _winner(self, states: Boards) -> Int64s:
        in_line = states.cells[:, LINES]
        won = [(in_line == seat).all(axis=2).any(axis=1) for seat in (0, 1)]
        return np.where(won[0], 0, np.where(won[1], 1, -1))

    def over(self, states: Boards) -> Bools:
        return np.asarray((self._winner(states) >= 0) | (states.cells >= 0).all(axis=1))

    def mover(self, states: Boards) -> Int8s:
        played = (states.cells >= 0).sum(axis=1)
        return np.where(self.over(states), -1, played % 2).astype(np.int8)

    def legal_moves(self, states: Boards, which: Int64s) -> Moves:
        free = [np.flatnonzero(states.cells[index] < 0) for index in which]
        rows = np.zeros((sum(map(len, free)), 4), np.int16)
        rows[:, 1] = np.concatenate(free)
        return Moves(rows, np.cumsum([0, *map(len, free)]))

    def actions(self, states: Boards, which: Int64s, moves: Moves) -> Int64s:
        return moves.rows[:, 1].astype(np.int64)

    def apply(self, states: Boards, which: Int64s, rows: Int16s) -> None:
        states.cells[which, rows[:, 1]] = self.mover(states)[which]

    def scores(self, states: Boards, which: Int64s) -> Float64s:
        winner = self._winner(states)[which]
        first = np.where(winner < 0, 0.5, winner == 0).astype(np.float64)
        return np.stack([first, 1 - first], axis=1)

    def observe(self, states: Boards, which: Int64s) -> Float32s:
        mover = self.mover(states)[which][:, None]
        cells = states.cells[which]
        planes = np.stack([cells == mover, (cells >= 0) & (cells != mover)], axis=1)
        return planes.reshape(len(which), *self.observation_shape).astype(np.float32)

    def draws(self, states: Boards, which: Int64s) -> Float64s:
        states.counter[which] = (states.counter[which] * 6_364_136_223_846_793 + 1_442_695) % (1 << 40)
        return np.asarray(states.counter[which] / (1 << 40))

    def random_rows(self, states: Boards, which: Int64s) -> Int16s:
        moves = self.legal_moves(states, which)
        places = (self.draws(states, which) * np.diff(moves.offsets)).astype(np.int64)
        return np.asarray(moves.rows[moves.offsets[:-1] + places])

    def copy(self, states: Boards, which: Int64s) -> Boards:
        return Boards(states.cells[which].copy(), states.counter[which].copy())

    def describe(self, states: Boards, index: int, row: Int16s) -> str:
        return f"cell {row[1]}"
