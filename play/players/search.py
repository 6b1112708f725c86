"""An evaluator as player that looks ahead: PUCT over the batch of games, one batched evaluation for each simulation.

Knows the seams of games and evaluators and nothing behind them. An evaluator that fails has no move to give: the games are
reported, nothing plays in its place.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Game, Int64s, Moves, States
from play.models.evaluator import Evaluator
from play.players.choice import closeness, highest, sampled, softmax
from play.players.lookahead import Lookahead
from play.players.player import Weighed
from play.players.tree import best_edges

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
        trees = Lookahead(self.evaluator, game, states, which, self.simulations)
        for _ in range(self.simulations):
            trees.simulate(best_edges)
        self.evaluations += trees.evaluations
        forest, edges = trees.forest, trees.forest.edges_of(len(which))
        visits, prior = forest.visits[edges], forest.prior[edges]
        if self.temperature > 0:
            with np.errstate(divide="ignore"):  # an unvisited move has the logarithm -inf and is never drawn
                logits = np.log(visits.astype(np.float64))
            drawn = game.draws(states, which)
            near = closeness(softmax(logits / self.temperature, moves.offsets), moves.offsets, drawn)
            chosen = sampled(logits, moves.offsets, self.temperature, drawn)
            return Weighed(chosen, near, np.full(len(which), VISITS / self.simulations))
        return Weighed(highest(visits + prior, moves.offsets), visits + prior, np.full(len(which), float(VISITS)))
