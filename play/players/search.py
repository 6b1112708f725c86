"""An evaluator as player that looks ahead: PUCT over the batch of games, one batched evaluation for each simulation.

Knows the seams of games and evaluators and nothing behind them. An evaluator that fails has no move to give: the games are
reported, nothing plays in its place.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Float64s, Game, Int64s, Moves, States
from play.models.evaluator import Evaluator, EvaluatorError
from play.players.choice import closeness, highest, sampled, softmax
from play.players.network import legal_logits
from play.players.player import PlayerError, Weighed
from play.players.tree import Forest

VISITS = 2
"""Visits that rounding may move from one move to another."""


class SearchPlayer:
    """Plays the move that `simulations` simulations from the position visited most (ties: the higher prior), or one
    drawn from the visits at a temperature above 0 by the game's own counter.

    evaluations: positions evaluated so far.
    """

    name = "search"

    def __init__(self, evaluator: Evaluator, simulations: int, temperature: float = 0.0) -> None:
        """ValueError for less than one simulation."""
        if simulations < 1:
            raise ValueError(f"a search of {simulations} simulations chooses nothing: expected at least 1")
        self.evaluator = evaluator
        self.simulations = simulations
        self.temperature = temperature
        self.evaluations = 0

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        return self.weigh(game, states, which, moves).chosen

    def weigh(self, game: Game, states: States, which: Int64s, moves: Moves) -> Weighed:
        """As `WeighingPlayer.weigh`: by visits, or by how near the draw came."""
        forest = Forest(len(which) * (self.simulations + 1))
        values = np.empty((len(which), game.num_players))
        self._expand(game, game.copy(states, which), np.arange(len(which)), forest, values, which)
        for _ in range(self.simulations):
            self._simulate(game, game.copy(states, which), forest, which)
        edges = forest.edges_of(len(which))
        visits, prior = forest.visits[edges], forest.prior[edges]
        if self.temperature > 0:
            with np.errstate(divide="ignore"):  # an unvisited move has the logarithm -inf and is never drawn
                logits = np.log(visits.astype(np.float64))
            drawn = game.draws(states, which)
            near = closeness(softmax(logits / self.temperature, moves.offsets), moves.offsets, drawn)
            chosen = sampled(logits, moves.offsets, self.temperature, drawn)
            return Weighed(chosen, near, np.full(len(which), VISITS / self.simulations))
        return Weighed(highest(visits + prior, moves.offsets), visits + prior, np.full(len(which), float(VISITS)))

    def _simulate(self, game: Game, states: States, forest: Forest, which: Int64s) -> None:
        """Follow every tree to a position it does not know, learn its value, and book it along the way."""
        live = np.arange(len(which))
        nodes, last = live.copy(), np.empty(len(which), np.int64)
        path: list[tuple[Int64s, Int64s, Int64s]] = []
        while len(live):
            edges, seats = forest.select(nodes)
            path.append((live, edges, seats))
            game.apply(states, live, forest.rows[edges])
            last[live] = edges
            known = forest.child[edges] >= 0
            live, nodes = live[known], forest.child[edges[known]]
        over = game.over(states)
        values = np.empty((len(which), game.num_players))
        values[over] = game.scores(states, np.flatnonzero(over))
        open_games = np.flatnonzero(~over)
        if len(open_games):
            forest.child[last[open_games]] = self._expand(game, states, open_games, forest, values, which)
        for games, edges, seats in path:
            forest.visits[edges] += 1
            forest.total[edges] += values[games, seats]

    def _expand(
        self, game: Game, states: States, games: Int64s, forest: Forest, values: Float64s, which: Int64s
    ) -> Int64s:
        """The new nodes of these games, whose values by seat are written. Errors name the games as they are in `which`."""
        try:
            evaluated = self.evaluator.evaluate(game.observe(states, games))
        except EvaluatorError as error:
            raise PlayerError(which, str(error)) from error
        self.evaluations += len(games)
        if not evaluated.usable.all():
            raise PlayerError(which[games[~evaluated.usable]], "the network's output is not finite")
        moves = game.legal_moves(states, games)
        movers = game.mover(states)[games].astype(np.int64)
        logits = legal_logits(evaluated.logits, game.actions(states, games, moves), moves.offsets)
        seats = (movers[:, None] + np.arange(game.num_players)) % game.num_players
        values[games[:, None], seats] = evaluated.values
        return forest.grow(movers, evaluated.values[:, 0], moves.rows, moves.offsets, softmax(logits, moves.offsets))
