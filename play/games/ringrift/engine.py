"""RingRift behind the seam of games/game.py. All rules are in the kernels; here are only batches and shapes."""

import numpy as np

from play.games.drawing import Line
from play.games.game import Bools, Float32s, Float64s, Int8s, Int16s, Int64s, Moves
from play.games.ringrift import picture
from play.games.ringrift.actions import num_planes
from play.games.ringrift.batch import (
    actions_batch,
    legal_batch,
    observe_batch,
    play_batch,
    random_batch,
    settle_batch,
)
from play.games.ringrift.boards import Board, Rules, make_board, make_rules, max_decisions
from play.games.ringrift.codes import GAME_OVER, MOVER, PHASE
from play.games.ringrift.drawing import draw
from play.games.ringrift.draws import uniform_draws
from play.games.ringrift.notation import move_key
from play.games.ringrift.observe import plane_names
from play.games.ringrift.state import State, blank, take, view
from play.games.ringrift.victory import rank_scores
from shared.contract.replay import BoardPiece, Layout, SeatStanding

RULES_VERSION = "ringrift 1"
"""Counts up whenever the same moves could lead elsewhere."""


class RingRift:
    """One configuration under one profile; implements `Game`.

    board: the tables for kernels. rules: other settings than the configuration's own, for fixtures and traces.
    """

    def __init__(
        self, board_type: str, num_players: int, profile: str = "canonical", rules: Rules | None = None
    ) -> None:
        usual = make_rules(board_type, num_players, profile)
        self.board_type = board_type
        self.num_players = num_players
        self.profile = profile
        self.rules_version = RULES_VERSION
        self.board: Board = make_board(board_type, usual if rules is None else rules)
        self.num_actions = num_planes(self.board) * self.board.width**2
        self.observation_shape = (len(plane_names(num_players)), self.board.width, self.board.width)
        self.max_decisions = max_decisions(board_type, num_players)

    def start(self, seeds: Int64s) -> State:
        """Fresh games in the starting position, nothing settled."""
        return blank(self.board.cells, self.board.rules.supply, self.num_players, np.asarray(seeds, np.int64))

    def new(self, seeds: Int64s) -> State:
        """One fresh game for each seed, settled to its first decision."""
        states = self.start(seeds)
        settle_batch(self.board, states)
        return states

    def mover(self, states: State) -> Int8s:
        """int8[B]: the seat to decide, 0-based; -1 where the game is over."""
        return np.where(self.over(states), -1, states.turn[:, MOVER]).astype(np.int8)

    def over(self, states: State) -> Bools:
        """bool[B]: which games have ended."""
        return np.equal(states.turn[:, PHASE], GAME_OVER)

    def legal_moves(self, states: State, which: Int64s) -> Moves:
        """The legal moves of K live games."""
        return Moves(*legal_batch(self.board, states, which))

    def actions(self, states: State, which: Int64s, moves: Moves) -> Int64s:
        """int64[total]: the policy index of every move (actions.py)."""
        return actions_batch(self.board, states, which, moves.rows, moves.offsets)

    def apply(self, states: State, which: Int64s, rows: Int16s) -> None:
        """Play one legal decision in each of K distinct games and settle them. In place."""
        play_batch(self.board, states, which, rows)

    def scores(self, states: State, which: Int64s) -> Float64s:
        """float64[K, n]: the share of opponents each seat outranks, ties half (15.5). An unfinished game has no
        winner, so its seats are ranked by the remaining rungs."""
        return np.array([rank_scores(view(states, int(index))) for index in which]).reshape(-1, self.num_players)

    def observe(self, states: State, which: Int64s) -> Float32s:
        """float32[K, planes, height, width] from the mover's point of view (observe.py)."""
        planes, height, width = self.observation_shape
        seen = np.zeros((len(which), planes, height * width), np.float32)
        observe_batch(self.board, states, which, seen)
        return seen.reshape(len(which), planes, height, width)

    def random_rows(self, states: State, which: Int64s) -> Int16s:
        """int16[K, 4]: a uniformly drawn legal move for each, by the game's own random counter."""
        return random_batch(self.board, states, which)

    def draws(self, states: State, which: Int64s) -> Float64s:
        """float64[K]: a number in [0, 1) for each, by the game's own random counter, which moves on."""
        return uniform_draws(states, which)

    def copy(self, states: State, which: Int64s) -> State:
        """A new batch holding copies of the named games."""
        return take(states, which)

    def describe(self, states: State, index: int, row: Int16s) -> str:
        """The ringrift-trace-v1 key of a legal move."""
        return move_key(self.board_type, self.board, view(states, index), row)

    def draw(self, states: State, index: int, row: Int16s | None = None) -> list[Line]:
        """One position as `Drawn.draw` (drawing.py)."""
        return draw(self.board_type, self.board, view(states, index), row)

    def layout(self) -> Layout:
        """The board, as `Pictured` has it (picture.py)."""
        return picture.layout(self.board_type, self.board)

    def cells(self, states: State, index: int) -> Int64s:
        """int64[C, 4]: what lies on every cell."""
        return picture.cells(view(states, index))

    def piece(self, facts: Int64s) -> BoardPiece | None:
        """What one of them says."""
        return picture.piece(facts)

    def standings(self, states: State, index: int) -> list[SeatStanding]:
        """What each seat has."""
        return picture.standings(view(states, index))

    def between(self, row: Int16s) -> list[int]:
        """The cells of a move."""
        return picture.between(row)
