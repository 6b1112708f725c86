"""What played a game: everything that may make the same models and seeds give another move on another machine.

Words to compare and to show; nothing is decided by them.
"""

from __future__ import annotations

import platform

from play.games.game import Game
from play.models.device import CPU, Device


def networks_here(device: Device = CPU) -> str:
    """What computes networks on a device of this machine, such as `torch 2.13.0 cpu x86_64 AVX512, batches from 4`."""
    # imported only where networks are computed: whoever asks them in other processes needs no network library
    import torch

    from play.models.network import SMALLEST_BATCH

    where = f"{device.words} {platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    return f"torch {torch.__version__} {where}, batches from {SMALLEST_BATCH}"


def fingerprint(game: Game, networks: str, *, autocast: bool = False) -> str:
    """The engine of a game whose networks are computed by `networks`, such as `torch 2.13.0 cpu x86_64 AVX512, batches from 4,
    ringrift 1`; with `autocast` it says bfloat16 before the rules."""
    return f"{networks}, {'bfloat16, ' if autocast else ''}{game.rules_version}"
