"""What a module declares to make its kind of file one that models may come in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from torch import nn

from play.games.game import Game
from shared.contract.evidence import ModelMetadata

HEAD_BYTES = 512
"""How much of a file tells what it is."""


class CheckpointError(Exception):
    """A file that is no usable checkpoint for the configuration; the text says why."""


class CheckpointMissingError(CheckpointError, FileNotFoundError):
    """There is no file at the path."""


class Checkpoint(NamedTuple):
    """A loaded checkpoint: the network in eval mode, without gradients, and what the file says of itself."""

    network: nn.Module
    metadata: ModelMetadata


class Format(NamedTuple):
    """How to tell such a file by its first bytes, and how to read it for a game. Reading never runs code from the file."""

    name: str
    recognises: Callable[[bytes], bool]
    load: Callable[[Path, Game], Checkpoint]
