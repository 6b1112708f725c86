"""The seam between players and networks: observations in, policies and values out. Knows no game and no library."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from play.games.game import Bools, Float32s, Float64s


class EvaluatorError(Exception):
    """An evaluation failed as a whole; the text says how."""


class Evaluated(NamedTuple):
    """What is said of K positions. usable tells where all its numbers are finite."""

    logits: Float32s  # [K, actions], over all policy indices of the game
    values: Float64s  # [K, players], the expected score in [0, 1] of every seat, relative to the mover
    usable: Bools  # [K]


class Evaluator(Protocol):
    """Whatever can be asked about positions. An answer depends on its position alone, not on the rest of the batch."""

    def evaluate(self, observations: Float32s) -> Evaluated:
        """float32[K, planes, height, width] of one game's observations, from the mover's point of view. EvaluatorError."""
