"""An evaluator as player: the policy as it is, one batched evaluation for each ply.

An evaluator that fails has no move to give: the games are reported, nothing plays in its place.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Float64s, Game, Int64s, Moves, States
from play.models.evaluator import Evaluator, EvaluatorError
from play.players.choice import closeness, highest, sampled, softmax
from play.players.player import PlayerError, Weighed

ROUNDING = 1e-5
"""How far two machines may differ in a logit, relative to the largest, or in a probability; what was seen is 2e-7."""


def evaluated(
    evaluator: Evaluator, game: Game, states: States, which: Int64s, moves: Moves, named: Int64s
) -> tuple[Float64s, Float64s]:
    """The logits of the legal moves, float64[total], and the values of the positions.

    PlayerError for games without an answer, as they are called in `named`.
    """
    try:
        found = evaluator.evaluate(game.observe(states, which), game.actions(states, which, moves), moves.offsets)
    except EvaluatorError as error:
        raise PlayerError(named, str(error)) from error
    if not found.usable.all():
        raise PlayerError(named[~found.usable], "the network's output is not finite")
    return found.logits.astype(np.float64), found.values


class NetworkPlayer:
    """Plays the legal move with the highest logit, or one drawn at a temperature above 0 by the game's own counter.

    evaluations: positions evaluated so far.
    """

    name = "network"

    def __init__(self, evaluator: Evaluator, temperature: float = 0.0) -> None:
        self.evaluator = evaluator
        self.temperature = temperature
        self.evaluations = 0

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K], as `Player.choose`."""
        return self.weigh(game, states, which, moves).chosen

    def weigh(self, game: Game, states: States, which: Int64s, moves: Moves) -> Weighed:
        """As `WeighingPlayer.weigh`: by logit, or by how near the draw came."""
        logits, _ = evaluated(self.evaluator, game, states, which, moves, which)
        self.evaluations += len(which)
        if self.temperature > 0:
            drawn = game.draws(states, which)
            near = closeness(softmax(logits / self.temperature, moves.offsets), moves.offsets, drawn)
            chosen = sampled(logits, moves.offsets, self.temperature, drawn)
            return Weighed(chosen, near, np.full(len(which), ROUNDING))
        largest = np.maximum.reduceat(np.abs(logits), moves.offsets[:-1])
        return Weighed(highest(logits, moves.offsets), logits, ROUNDING * np.maximum(largest, 1))
