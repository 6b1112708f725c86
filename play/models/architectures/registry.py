"""Which architectures exist, and their parameters with the sizes that are accepted.

A checkpoint names an architecture and its parameters; only what is registered here is ever built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import nn

from play.games.game import Game
from play.models.architectures.mlp import Mlp
from play.models.architectures.resnet import ResNet

MAX_WEIGHTS = 50_000_000


class Architecture(NamedTuple):
    """How to build one, and the range of each of its parameters (all are integers and all must be given)."""

    build: Callable[[Game, Mapping[str, int]], nn.Module]
    ranges: Mapping[str, range]


def _resnet(game: Game, parameters: Mapping[str, int]) -> nn.Module:
    planes, height, width = game.observation_shape
    return ResNet(planes, game.num_actions // (height * width), game.num_players, **parameters)


def _mlp(game: Game, parameters: Mapping[str, int]) -> nn.Module:
    planes, height, width = game.observation_shape
    return Mlp(planes * height * width, game.num_actions, game.num_players, **parameters)


ARCHITECTURES: Mapping[str, Architecture] = {
    "resnet": Architecture(_resnet, {"blocks": range(1, 41), "channels": range(4, 513)}),
    "mlp": Architecture(_mlp, {"layers": range(1, 9), "hidden": range(4, 2049)}),
}


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
            f"{architecture} takes exactly the parameters {', '.join(ranges)}: got {str(sorted(parameters, key=str))[:100]}"
        )
    for name, accepted in ranges.items():
        value = parameters[name]
        if type(value) is not int or value not in accepted:
            raise ValueError(
                f"{architecture} parameter {name} is {str(value)[:100]}: expected an integer {accepted[0]} to {accepted[-1]}"
            )
