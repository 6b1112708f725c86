"""A torch network as an evaluator: one forward pass in float32 for each call."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from play.games.game import Float32s, Game
from play.models.evaluator import Evaluated, EvaluatorError

SMALLEST_BATCH = 4
"""Fewer positions are evaluated beside copies: for few, libraries take other paths, with other last digits."""


class NetworkEvaluator:
    """Asks a network, in eval mode, about positions of one game. Its output is checked, never repaired."""

    def __init__(self, network: nn.Module, game: Game) -> None:
        self.network = network
        self._outputs = (game.num_actions, game.num_players)

    def evaluate(self, observations: Float32s) -> Evaluated:
        """One forward pass. EvaluatorError when it fails or gives the wrong shape, whatever the network raised."""
        batch = observations if len(observations) >= SMALLEST_BATCH else _repeated(observations)
        observed = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
        try:
            with torch.inference_mode():
                logits, values = (output.numpy() for output in self.network(observed))
        except Exception as error:  # a network may fail in any way
            raise EvaluatorError(f"the network failed: {type(error).__name__}: {error}") from error
        wanted = tuple((len(batch), size) for size in self._outputs)
        if (logits.shape, values.shape) != wanted:
            raise EvaluatorError(
                f"the network gave shapes {logits.shape} and {values.shape}: expected {wanted[0]} and {wanted[1]}"
            )
        logits, values = logits[: len(observations)], values[: len(observations)]
        usable = np.isfinite(logits).all(axis=1) & np.isfinite(values).all(axis=1)
        return Evaluated(logits, values.astype(np.float64), usable)


def _repeated(observations: Float32s) -> Float32s:
    """As many as a batch has at least."""
    return np.resize(observations, (SMALLEST_BATCH, *observations.shape[1:]))
