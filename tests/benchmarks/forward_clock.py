"""How long a process has spent in the forward passes of its networks."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn


class ForwardClock:
    """Adds up the time of every call of the watched networks. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._entered = 0.0
        self.seconds = 0.0

    def watch(self, network: nn.Module) -> None:
        """Time this network's calls from now on."""
        network.register_forward_pre_hook(self._enter)
        network.register_forward_hook(self._leave)

    def _enter(self, network: nn.Module, inputs: object) -> None:
        self._entered = self._clock()

    def _leave(self, network: nn.Module, inputs: object, output: object) -> None:
        self.seconds += self._clock() - self._entered
