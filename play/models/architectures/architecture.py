"""What a module declares to make its network an architecture that checkpoints may name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch import nn

from play.games.game import Game


class Architecture(NamedTuple):
    """How to build one, and the range of each of its parameters (all are integers and all must be given)."""

    name: str
    build: Callable[[Game, Mapping[str, int]], nn.Module]
    ranges: Mapping[str, range]
