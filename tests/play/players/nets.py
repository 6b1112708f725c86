"""Networks for tests of the players: small, fresh, or broken on purpose."""

import torch
from torch import Tensor, nn

from play.games.game import Game, Int64s
from play.models.architectures.registry import build_network
from play.models.network import NetworkEvaluator


def small_network(game: Game, seed: int = 0) -> NetworkEvaluator:
    """An untrained residual network in eval mode."""
    torch.manual_seed(seed)
    return NetworkEvaluator(build_network("resnet", {"blocks": 1, "channels": 8}, game).eval(), game)


class Indifferent(nn.Module):
    """Knows nothing: equal logits, and parity for every seat."""

    def __init__(self, game: Game) -> None:
        super().__init__()
        self._game = game

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Zeros and halves."""
        count = len(observation)
        return torch.zeros(count, self._game.num_actions), torch.full((count, self._game.num_players), 0.5)


class BrokenAfter(Indifferent):
    """Indifferent for some calls; then not a number for the last position of every batch, or an exception."""

    def __init__(self, game: Game, calls: int, *, raises: bool = False) -> None:
        super().__init__(game)
        self._left = calls
        self._raises = raises

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """As said."""
        logits, value = super().forward(observation)
        self._left -= 1
        if self._left < 0 and self._raises:
            raise ValueError("out of order")
        if self._left < 0:
            logits[-1] = float("nan")
        return logits, value


class Masked(Indifferent):
    """Indifferent among some actions; minus infinity for every other."""

    def __init__(self, game: Game, actions: Int64s) -> None:
        super().__init__(game)
        self._actions = torch.from_numpy(actions)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """As said."""
        logits, value = super().forward(observation)
        masked = torch.full_like(logits, float("-inf"))
        masked[:, self._actions] = logits[:, self._actions]
        return masked, value
