"""What played a game: everything that may make the same models and seeds give another move on another machine.

Words to compare and to show; nothing is decided by them.
"""

from __future__ import annotations

import platform

import torch

from play.games.game import Game
from play.models.network import SMALLEST_BATCH


def fingerprint(game: Game, device: str = "cpu") -> str:
    """The engine of this process for a game, such as `torch 2.13.0 cpu x86_64 AVX512, batches from 2, ringrift 1`."""
    where = f"{device} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    return f"torch {torch.__version__} {where}, batches from {SMALLEST_BATCH}, {game.rules_version}"
