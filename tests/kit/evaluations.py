"""Questions to evaluators, for tests that look at all that a network says."""

from __future__ import annotations

from typing import Any

import numpy as np

from play.models.evaluator import Evaluated, Evaluator


def all_of(evaluator: Evaluator, observations: Any, num_actions: int = 8424) -> Evaluated:
    """An answer with the logits of every policy index, float32[K, num_actions]; hex8 with two players has so many."""
    count = len(observations)
    actions, offsets = np.tile(np.arange(num_actions), count), np.arange(count + 1) * num_actions
    found = evaluator.evaluate(observations, actions, offsets)
    return found._replace(logits=found.logits.reshape(count, num_actions))
