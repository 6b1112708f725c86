"""One training run: learn an expert, collect its choices, fit a network to them, measure it. Writes nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import torch
from torch import nn

from play.games.game import Game
from play.games.registry import get_game
from play.models.architectures.registry import build_network
from play.models.formats.checkpoint import checkpoint_bytes
from play.models.network import NetworkEvaluator
from play.players.network import NetworkPlayer
from play.players.registry import REGISTRY
from play.training.expert import learn_expert
from play.training.imitation import fit
from play.training.matches import win_rate
from play.training.positions import collect

MATCH_GAMES = 200
Tell = Callable[[str, int, int], None]
"""Told what is being done, and how far it is: text, done, total."""


Write = Callable[[bytes], None]
"""Given the checkpoint as soon as it is trained, before it is measured."""


@dataclass(frozen=True)
class Plan:
    """What to train. An expert is learned in `rounds`, and its choices in `games` of self-play are imitated;
    with no games the network stays as it was initialised. `parameters`: those of the architecture, all of them."""

    board_type: str
    num_players: int
    rounds: int
    games: int
    epochs: int
    architecture: str
    parameters: Mapping[str, int]
    seed: int
    version: str


def run_training(plan: Plan, write: Write, tell: Tell) -> dict[str, str]:
    """Train, hand the checkpoint to `write`, and return the measured figures in words. ValueError for an unknown architecture."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(plan.seed)
    game = get_game(plan.board_type, plan.num_players)
    network = build_network(plan.architecture, plan.parameters, game).eval()
    figures = _imitate(plan, game, network, rng, tell) if plan.games else {}
    trained_at = datetime.now(UTC).replace(microsecond=0)
    write(
        checkpoint_bytes(network, game, plan.architecture, plan.parameters, version=plan.version, trained_at=trained_at)
    )
    return figures | _measure(game, network, rng, tell)


def _imitate(plan: Plan, game: Game, network: nn.Module, rng: np.random.Generator, tell: Tell) -> dict[str, str]:
    """Learn an expert, and fit the network to its choices."""
    expert, rate = learn_expert(
        game, plan.rounds, rng, lambda done, best: tell(f"learning an expert, best {best:.0%}", done, plan.rounds)
    )
    tell(f"collecting its choices ({rate:.0%} against the heuristic)", 0, 1)
    positions = collect(game, expert, plan.games, rng)
    fit(
        network,
        positions,
        plan.epochs,
        rng,
        lambda done, total, loss: tell(f"fitting, loss {loss:.3f}", done, total),
    )
    return {"expert against heuristic": f"{rate:.1%}", "positions": str(len(positions.chosen))}


def _measure(game: Game, network: nn.Module, rng: np.random.Generator, tell: Tell) -> dict[str, str]:
    """The network's win rates against the opponents that are no checkpoints."""
    tell("measuring", 0, 1)
    player = NetworkPlayer(NetworkEvaluator(network, game))
    figures = {}
    for name, opponent in REGISTRY.items():
        if opponent.player is not None:
            rate = win_rate(game, player, opponent.make(), MATCH_GAMES, rng)
            figures[f"against {name}"] = f"{rate:.1%} of {MATCH_GAMES} games"
    return figures
