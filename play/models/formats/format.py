"""What a module declares to make its kind of file one that models may come in, and what it is given and gives back.

Nothing that a file contains leaves this package as anything but a `Checkpoint` or a `CheckpointError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from play.games.game import Game
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

if TYPE_CHECKING:  # whoever only meets these errors needs no network library
    from torch import nn

HEAD_BYTES = 4096
"""How much of a file tells what it is."""
LONGEST_TEXT = 900


class CheckpointError(Exception):
    """A file that is no usable checkpoint for the configuration; the text says why."""


class CheckpointMissingError(CheckpointError, FileNotFoundError):
    """There is no file at the path."""


class Checkpoint(NamedTuple):
    """A loaded checkpoint: the network in eval mode, without gradients, and what the file says of itself."""

    network: nn.Module
    metadata: ModelMetadata


class Format(NamedTuple):
    """How to tell such a file by its first bytes, and how to read it for a game.

    `load` raises CheckpointError with what was found and what to do; who calls it puts the file's name before that. It runs no code
    from the file unless programs.py says that this process may. `within`: what must hold of the whole file too, where others
    begin alike; such a format is asked before those.
    """

    name: str
    recognises: Callable[[bytes], bool]
    load: Callable[[ModelFile, Game], Checkpoint]
    within: Callable[[Path], bool] | None = None


@contextmanager
def reading(file: ModelFile) -> Iterator[None]:
    """Whatever goes wrong in the block is a CheckpointError that names the file, on one printable line."""
    name = shown(file.title, 200)
    try:
        yield
    except FileNotFoundError as error:
        raise CheckpointMissingError(f"there is no model file {name}") from error
    except CheckpointError as error:
        raise CheckpointError(shown(f"{name}: {error}", LONGEST_TEXT)) from error
    except Exception as error:  # a damaged file may fail in any way
        text = f"{name} cannot be read: {type(error).__name__}: {shown(str(error), 200)}"
        raise CheckpointError(shown(text, LONGEST_TEXT)) from error


def shown(value: object, most: int = 100) -> str:
    """A value out of a file as a message may show it: printable, on one line, short. Never fails."""
    if not isinstance(value, str | int | float | bool | None):
        return f"a {type(value).__name__}"
    try:
        text = str(value)
    except ValueError:  # an integer of thousands of digits
        return f"a huge {type(value).__name__}"
    cut = text if len(text) <= most else f"{text[:most]}..."
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
