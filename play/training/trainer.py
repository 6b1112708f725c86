"""One training run: learn an expert, collect its choices, fit a network to them, write the checkpoint, measure it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch

from play.games.registry import get_game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.models.architectures.registry import build_network
from play.models.formats.checkpoint import save_checkpoint
from play.players.network import NetworkPlayer
from play.players.random import RandomPlayer
from play.training.expert import learn_expert
from play.training.imitation import fit
from play.training.positions import collect, win_rate

MATCH_GAMES = 200
Tell = Callable[[str, int, int], None]
"""Told what is being done, and how far it is: text, done, total."""


@dataclass(frozen=True)
class Plan:
    """What to train. An expert is learned in `rounds`, and its choices in `games` of self-play are imitated;
    with no games the network stays as it was initialised."""

    board_type: str
    num_players: int
    rounds: int
    games: int
    epochs: int
    blocks: int
    channels: int
    seed: int
    version: str


def run_training(plan: Plan, output: Path, tell: Tell) -> dict[str, str]:
    """Train, write the checkpoint to `output`, and return the measured figures in words."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(1)
    rng = np.random.default_rng(plan.seed)
    game = get_game(plan.board_type, plan.num_players)
    parameters = {"blocks": plan.blocks, "channels": plan.channels}
    network = build_network("resnet", parameters, game).eval()
    figures: dict[str, str] = {}
    if plan.games:
        expert, rate = learn_expert(
            game, plan.rounds, rng, lambda done, best: tell(f"learning an expert, best {best:.0%}", done, plan.rounds)
        )
        figures["expert against heuristic"] = f"{rate:.1%}"
        tell(f"collecting its choices ({rate:.0%} against the heuristic)", 0, 1)
        positions = collect(game, expert, plan.games, rng)
        figures["positions"] = str(len(positions.chosen))
        fit(
            network,
            positions,
            plan.epochs,
            rng,
            lambda done, total, loss: tell(f"fitting, loss {loss:.3f}", done, total),
        )
    save_checkpoint(
        output,
        network,
        game,
        "resnet",
        parameters,
        version=plan.version,
        trained_at=datetime.now(UTC).replace(microsecond=0),
    )
    tell("measuring", 0, 1)
    for opponent in (RandomPlayer(), HeuristicPlayer()):
        rate = win_rate(game, NetworkPlayer(network), opponent, MATCH_GAMES, rng)
        figures[f"against {opponent.name}"] = f"{rate:.1%} of {MATCH_GAMES} games"
    return figures
