"""An evaluator as player: the policy as it is, one batched evaluation for each ply.

An evaluator that fails has no move to give: the games are reported, nothing plays in its place.
"""

from __future__ import annotations

import numpy as np

from play.games.game import Float32s, Float64s, Game, Int64s, Moves, States
from play.models.evaluator import Evaluator, EvaluatorError
from play.players.choice import highest, sampled
from play.players.player import PlayerError


def legal_logits(logits: Float32s, actions: Int64s, offsets: Int64s) -> Float64s:
    """float64[total]: the logits of the legal moves alone."""
    return logits[np.repeat(np.arange(len(logits)), np.diff(offsets)), actions].astype(np.float64)


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
        try:
            evaluated = self.evaluator.evaluate(game.observe(states, which))
        except EvaluatorError as error:
            raise PlayerError(which, str(error)) from error
        self.evaluations += len(which)
        if not evaluated.usable.all():
            raise PlayerError(which[~evaluated.usable], "the network's output is not finite")
        logits = legal_logits(evaluated.logits, game.actions(states, which, moves), moves.offsets)
        if self.temperature > 0:
            return sampled(logits, moves.offsets, self.temperature, game.draws(states, which))
        return highest(logits, moves.offsets)
