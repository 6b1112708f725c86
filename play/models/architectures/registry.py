"""Which architectures exist: each module of this package that declares one, and those that other packages announce in the entry
point group `ringrift.architectures`. Nothing else is ever built.

A checkpoint names an architecture and its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

import torch
from torch import nn

from play.games.game import Game
from play.models import architectures
from play.models.architectures.architecture import Architecture
from play.plugins import plugins

GROUP = "ringrift.architectures"
MAX_WEIGHTS = 50_000_000


def _found() -> dict[str, Architecture]:
    """Every architecture by name: those of other packages, and those that a module of this one declares as ARCHITECTURE."""
    names = sorted(module.name for module in iter_modules(architectures.__path__))
    modules = [
        import_module(f"{architectures.__name__}.{name}") for name in names if name not in ("registry", "architecture")
    ]
    others = {each.name: each for each in plugins(GROUP, Architecture)}
    return others | {each.ARCHITECTURE.name: each.ARCHITECTURE for each in modules}


def build_network(architecture: str, parameters: Mapping[str, int], game: Game) -> nn.Module:
    """A network for this game with fresh weights from torch's generator.

    Its forward takes float32[B, *game.observation_shape] and gives (logits [B, game.num_actions], value [B, players]).
    ValueError says which architecture, parameter or size is wrong and what would be right.
    """
    if architecture not in ARCHITECTURES:
        raise ValueError(f"unknown architecture {architecture[:100]!r}: choose one of {', '.join(ARCHITECTURES)}")
    found = ARCHITECTURES[architecture]
    _check_parameters(architecture, parameters, found.ranges)
    with torch.device("meta"):  # shapes only, so that an absurd size costs nothing
        weights = count_weights(found.build(game, parameters))
    if weights > MAX_WEIGHTS:
        raise ValueError(
            f"{architecture} with {dict(parameters)} has {weights} weights: at most {MAX_WEIGHTS} are accepted"
        )
    return found.build(game, parameters)


def count_weights(network: nn.Module) -> int:
    """Number of trainable weights."""
    return sum(weight.numel() for weight in network.parameters())


def _check_parameters(architecture: str, parameters: Mapping[str, int], ranges: Mapping[str, range]) -> None:
    if set(parameters) != set(ranges):
        raise ValueError(
            f"{architecture} takes exactly the parameters {', '.join(ranges)}: got {', '.join(map(repr, parameters))[:100]}"
        )
    for name, accepted in ranges.items():
        value = parameters[name]
        if type(value) is not int or value not in accepted:
            raise ValueError(
                f"{architecture} parameter {name} is {str(value)[:100]}: expected an integer {accepted[0]} to {accepted[-1]}"
            )


ARCHITECTURES: Mapping[str, Architecture] = _found()
