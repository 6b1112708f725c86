"""The memory that a worker and a confined process share: positions go there, answers come back.

Nothing in it is trusted: its size is fixed by whoever made it, and sealed where the system can, and what is read is copied first.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import sys
import tempfile
from dataclasses import dataclass

import numpy as np

from play.games.game import Float32s, Float64s, Int64s
from play.models.confined.facts import GameFacts
from play.models.evaluator import EvaluatorError

ALIGNMENT = 64


@dataclass(frozen=True)
class Layout:
    """Where the arrays lie, for at most `most` positions of a game."""

    facts: GameFacts
    most: int

    @property
    def starts(self) -> list[int]:
        """Offsets of observations, values, places and logits, and the whole size, in bytes."""
        planes, height, width = self.facts.observation_shape
        players, actions = self.facts.num_players, self.facts.num_actions
        found = [0]
        for size in (4 * planes * height * width, 8 * players, 8 * actions, 4 * actions):
            found.append(found[-1] + -(-size * self.most // ALIGNMENT) * ALIGNMENT)
        return found


class Sheet:
    """The arrays in the shared memory of a descriptor, which may be closed afterwards.

    observations: float32[most, planes, height, width]. places: int64[most * actions], of the logits that are asked for. logits:
    float32[most * actions], at those places. values: float64[most, players].
    """

    def __init__(self, descriptor: int, layout: Layout) -> None:
        first, second, third, fourth, size = layout.starts
        most, facts = layout.most, layout.facts
        self._memory = mmap.mmap(descriptor, size)
        self.observations: Float32s = np.ndarray((most, *facts.observation_shape), np.float32, self._memory, first)
        self.values: Float64s = np.ndarray((most, facts.num_players), np.float64, self._memory, second)
        self.places: Int64s = np.ndarray((most * facts.num_actions,), np.int64, self._memory, third)
        self.logits: Float32s = np.ndarray((most * facts.num_actions,), np.float32, self._memory, fourth)

    def put(self, observations: Float32s, places: Int64s) -> None:
        """Show these positions, and ask for these logits. EvaluatorError for a shape that is not the game's."""
        if observations.shape[1:] != self.observations.shape[1:]:
            raise EvaluatorError(
                f"observations of shape {observations.shape[1:]}: expected {self.observations.shape[1:]}"
            )
        self.observations[: len(observations)] = observations
        self.places[: len(places)] = places

    def taken(self, count: int, asked: int) -> tuple[Float32s, Float64s]:
        """Copies of what stands there as so many logits, and as values of so many positions."""
        return self.logits[:asked].copy(), self.values[:count].copy()

    def close(self) -> None:
        """Give the memory back. Does nothing the second time."""
        if not self._memory.closed:
            del self.observations, self.values, self.places, self.logits
            self._memory.close()


def new_memory(layout: Layout) -> int:
    """A descriptor of fresh memory without a name. Pages that are never touched cost nothing."""
    size = layout.starts[-1]
    if sys.platform != "linux":
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            return os.dup(file.fileno())
    descriptor = os.memfd_create("ringrift-model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    # who shrinks memory that another has mapped ends the other
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
    return descriptor
