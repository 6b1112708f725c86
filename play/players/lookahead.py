"""Trees over a batch of games that grow by one position each for every simulation, asked for in one batched evaluation.

Which edges are followed is for the caller to say. Knows the seams of games and evaluators and nothing behind them; values are of
every seat (max-n), so any number of players may sit at the board.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Float64s, Game, Int64s, States
from play.models.evaluator import Evaluator
from play.players.choice import softmax
from play.players.network import evaluated
from play.players.tree import Forest, Rule


class Lookahead:
    """The trees of the games named. forest: the trees, root k being of the k-th game. evaluations: positions evaluated so far.

    PlayerError from any method names the games that the evaluator has no answer for.
    """

    def __init__(self, evaluator: Evaluator, game: Game, states: States, which: Int64s, simulations: int) -> None:
        """Evaluates the games' own positions; room for so many simulations."""
        self.forest = Forest(len(which) * (simulations + 1))
        self.evaluations = 0
        self._evaluator, self._game, self._states, self._which = evaluator, game, states, which
        self._expand(game.copy(states, which), np.arange(len(which)), np.empty((len(which), game.num_players)))

    def simulate(self, rule: Rule, first: Int64s | None = None) -> None:
        """Follow every tree to a position that it does not know, learn its value, and book it along the way.

        `first`: the edges to follow from the roots; by the rule where it is None.
        """
        game, forest, count = self._game, self.forest, len(self._which)
        states = game.copy(self._states, self._which)
        live = np.arange(count)
        nodes, last = live.copy(), np.empty(count, np.int64)
        path: list[tuple[Int64s, Int64s, Int64s]] = []
        while len(live):
            edges = forest.select(nodes, rule) if first is None or path else first
            path.append((live, edges, forest.seats(nodes)))
            game.apply(states, live, forest.rows[edges])
            last[live] = edges
            known = forest.child[edges] >= 0
            live, nodes = live[known], forest.child[edges[known]]
        self._book(path, self._values(states, last))

    def _values(self, states: States, last: Int64s) -> Float64s:
        """float64[K, players]: what the new positions are worth to every seat; those that are not over become nodes."""
        over = self._game.over(states)
        values = np.empty((len(over), self._game.num_players))
        values[over] = self._game.scores(states, np.flatnonzero(over))
        open_games = np.flatnonzero(~over)
        if len(open_games):
            self.forest.child[last[open_games]] = self._expand(states, open_games, values)
        return values

    def _book(self, path: list[tuple[Int64s, Int64s, Int64s]], values: Float64s) -> None:
        for games, edges, seats in path:
            self.forest.visits[edges] += 1
            self.forest.total[edges] += values[games, seats]

    def _expand(self, states: States, games: Int64s, values: Float64s) -> Int64s:
        """The new nodes of these games, whose values by seat are written. Errors name the games as they are in `which`."""
        game = self._game
        moves = game.legal_moves(states, games)
        logits, said = evaluated(self._evaluator, game, states, games, moves, self._which[games])
        self.evaluations += len(games)
        movers = game.mover(states)[games].astype(np.int64)
        seats = (movers[:, None] + np.arange(game.num_players)) % game.num_players
        values[games[:, None], seats] = said
        prior = softmax(logits, moves.offsets)
        return self.forest.grow(movers, said[:, 0], moves.rows, moves.offsets, prior)
