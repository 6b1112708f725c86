"""Checkpoint files, as `ringrift train` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from cli.checkpoint_file import write_checkpoint
from play.games.game import Game
from play.models.formats.checkpoint import checkpoint_bytes


def save_checkpoint(
    path: Path, network: nn.Module, game: Game, architecture: str, parameters: Mapping[str, int], **told: Any
) -> None:
    """Write a network to a file."""
    write_checkpoint(path, checkpoint_bytes(network, game, architecture, parameters, **told))
