"""A plain multi-layer perceptron over the flattened observation: the smallest thing that fits the seam."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from play.games.game import Game
from play.models.architectures.architecture import Architecture
from play.models.heads import share


class Mlp(nn.Module):
    """Observation [B, planes, H, W] to (policy logits [B, actions], value [B, players] in [0, 1], relative to the mover)."""

    def __init__(self, inputs: int, actions: int, players: int, layers: int, hidden: int) -> None:
        super().__init__()
        widths = [inputs] + [hidden] * layers
        self.layers = nn.ModuleList(nn.Linear(one, two) for one, two in pairwise(widths))
        self.policy = nn.Linear(hidden, actions)
        self.value = nn.Linear(hidden, players)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Policy logits and value of every position of the batch."""
        x = observation.flatten(1)
        for layer in self.layers:
            x = functional.relu(layer(x))
        return self.policy(x), share(self.value(x))


def _build(game: Game, parameters: Mapping[str, int]) -> nn.Module:
    planes, height, width = game.observation_shape
    return Mlp(planes * height * width, game.num_actions, game.num_players, **parameters)


ARCHITECTURE = Architecture("mlp", _build, {"layers": range(1, 9), "hidden": range(4, 2049)})
