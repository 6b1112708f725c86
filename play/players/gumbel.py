"""An evaluator as player that looks ahead by sequential halving over moves drawn with Gumbel noise, batched over the games.

Few simulations improve on the policy already, which with PUCT they need not (halving.py has the rules and their source). Where an
evaluator fails there is no move to give: the games are reported, nothing plays in its place.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Bools, Float64s, Game, Int64s, Moves, States
from play.models.evaluator import Evaluator
from play.players.choice import highest
from play.players.halving import CONSIDERED, VISIT_SCALE, considered_visits, gumbel_noise, improved, improved_edges
from play.players.lookahead import Lookahead
from play.players.network import ROUNDING
from play.players.player import Weighed


class GumbelPlayer:
    """Plays the best of the moves that sequential halving kept: by noise, prior and value, of those that were visited most.

    temperature: what the noise is multiplied by. 1 is the paper's, from which one learns; 0 is none, for the strongest move. It
    is drawn by the game's own counter. evaluations: positions evaluated so far.
    """

    name = "gumbel"

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
        """As `WeighingPlayer.weigh`: by noise, prior and value; moves that were dropped are not preferred at all."""
        noise = self._noise(game, states, which, moves)
        trees = Lookahead(self.evaluator, game, states, which, self.simulations)
        edges, offsets = trees.forest.edges_of(len(which)), moves.offsets
        counts = offsets[1:] - offsets[:-1]
        for visits in self._schedule(counts):
            wanted = trees.forest.visits[edges] == np.repeat(visits, counts)
            trees.simulate(
                improved_edges, offsets[:-1] + highest(_among(wanted, self._scores(trees, noise, offsets)), offsets)
            )
        self.evaluations += trees.evaluations
        visited = trees.forest.visits[edges]
        most = visited == np.repeat(np.maximum.reduceat(visited, offsets[:-1]), counts)
        preferences = _among(most, self._scores(trees, noise, offsets))
        tie = ROUNDING * (VISIT_SCALE + self.simulations)
        return Weighed(highest(preferences, offsets), preferences, np.full(len(which), tie))

    def _noise(self, game: Game, states: States, which: Int64s, moves: Moves) -> Float64s:
        if self.temperature == 0:
            return np.zeros(len(moves.rows))
        high, low = ((game.draws(states, which) * (1 << 30)).astype(np.int64) for _ in range(2))
        return self.temperature * gumbel_noise((high << 30) + low, moves.offsets)

    def _schedule(self, counts: Int64s) -> Int64s:
        """int64[simulations, K]: how many visits the move has that each simulation goes to."""
        compared = np.minimum(counts, min(CONSIDERED, self.simulations))
        return np.array([considered_visits(int(each), self.simulations) for each in compared], np.int64).T

    def _scores(self, trees: Lookahead, noise: Float64s, offsets: Int64s) -> Float64s:
        forest, count = trees.forest, len(offsets) - 1
        edges, worth = forest.edges_of(count), forest.worth(np.arange(count))
        return noise + improved(offsets, worth, forest.prior[edges], forest.visits[edges], forest.total[edges])


def _among(these: Bools, scores: Float64s) -> Float64s:
    """The scores of these moves; of all others, none."""
    return np.where(these, scores, -np.inf)
