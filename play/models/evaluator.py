"""The seam between players and networks: observations in, policies and values out. Knows no game and no library."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from play.games.game import Bools, Float32s, Float64s, Int64s


class EvaluatorError(Exception):
    """An evaluation failed as a whole; the text says how."""


class Evaluated(NamedTuple):
    """What is said of K positions. usable tells where all its numbers are finite."""

    logits: Float32s  # [total], of the policy indices that were asked about, positions end to end
    values: Float64s  # [K, players], the expected score in [0, 1] of every seat, relative to the mover
    usable: Bools  # [K]


class Evaluator(Protocol):
    """Whatever can be asked about positions. An answer depends on its position alone, not on the rest of the batch."""

    def evaluate(self, observations: Float32s, actions: Int64s, offsets: Int64s) -> Evaluated:
        """What is said of float32[K, planes, height, width] of one game's observations, from the mover's point of view.

        actions: int64[total], the policy indices that are asked about, as of `Game.actions`; those of position k, at least one,
        are actions[offsets[k]:offsets[k + 1]]. Only they are looked at, whatever the network says of others. EvaluatorError.
        """


def judged(logits: Float32s, values: Float64s, offsets: Int64s) -> Evaluated:
    """These numbers, with where they can be used."""
    finite = np.isfinite(logits)
    if finite.all() and np.isfinite(values).all():
        return Evaluated(logits, values, np.ones(len(values), np.bool_))
    of_each = np.logical_and.reduceat(finite, offsets[:-1])
    return Evaluated(logits, values, of_each & np.isfinite(values).all(axis=1))


def places_of(actions: Int64s, offsets: Int64s, num_actions: int) -> Int64s:
    """int64[total]: where the logits that are asked about stand among the network's, which lie end to end."""
    starts = np.arange(0, num_actions * (len(offsets) - 1), num_actions)
    return np.asarray(actions + np.repeat(starts, offsets[1:] - offsets[:-1]))
