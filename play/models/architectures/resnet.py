"""A small residual network: 3 x 3 convolutions over the observation grid, fully convolutional up to the value.

The policy head needs no dense layer, because an action is a plane and a cell of the same grid (games/ringrift/actions.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from play.games.game import Game
from play.models.architectures.architecture import Architecture
from play.models.heads import share

VALUE_CHANNELS = 16
VALUE_HIDDEN = 64


class Block(nn.Module):
    """Two convolutions and the way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """[B, channels, H, W] to the same shape."""
        inner = functional.relu(self.first_norm(self.first(x)))
        return functional.relu(x + self.second_norm(self.second(inner)))


class ResNet(nn.Module):
    """Observation [B, planes, H, W] to (policy logits [B, policy_planes * H * W], value [B, players]).

    value: the expected score in [0, 1] of every seat, relative to the mover (0 is the mover, 1 the next seat).
    """

    def __init__(self, planes: int, policy_planes: int, players: int, blocks: int, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(planes, channels, 3, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(channels)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(blocks)))
        self.policy = nn.Conv2d(channels, policy_planes, 1)
        self.value_planes = nn.Conv2d(channels, VALUE_CHANNELS, 1)
        self.value_hidden = nn.Linear(2 * VALUE_CHANNELS, VALUE_HIDDEN)
        self.value = nn.Linear(VALUE_HIDDEN, players)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Policy logits and value of every position of the batch."""
        x = self.blocks(functional.relu(self.stem_norm(self.stem(observation))))
        return self.policy(x).flatten(1), self._value(x)

    def _value(self, x: Tensor) -> Tensor:
        seen = functional.relu(self.value_planes(x)).flatten(2)
        pooled = torch.cat([seen.mean(2), seen.amax(2)], 1)
        return share(self.value(functional.relu(self.value_hidden(pooled))))


def _build(game: Game, parameters: Mapping[str, int]) -> nn.Module:
    planes, height, width = game.observation_shape
    return ResNet(planes, game.num_actions // (height * width), game.num_players, **parameters)


ARCHITECTURE = Architecture("resnet", _build, {"blocks": range(1, 41), "channels": range(4, 513)})
