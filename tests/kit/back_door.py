"""A format by which a model file runs any Python in the process that reads it: what whoever found a hole in a reader could do.

It comes in as formats of other packages do, by an entry point; a host that is started within `installed` has it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

MAGIC = b"DOOR\n"
FORMAT = """
import torch

from play.models.formats.format import Checkpoint, Format
from shared.contract.evidence import ModelMetadata

class Network(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self._function = function

    def forward(self, observation):
        return self._function(observation)

def load(file, game):
    scope = {"file": file, "game": game, "torch": torch}
    exec(file.path.read_bytes()[5:], scope)
    network = Network(scope.get("forward")).eval()
    return Checkpoint(network, ModelMetadata(architecture="door", parameters=0, format="door", notes=scope.get("notes", [])))

FORMAT = Format("door", lambda head: head.startswith(b"DOOR\\n"), load)
"""


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """The format is a package on the path of this process, and of those that it starts, while the block lasts."""
    about = folder / "back_door_format-1.dist-info"
    about.mkdir(exist_ok=True)
    (folder / "back_door_format.py").write_text(FORMAT)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: back-door-format\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[ringrift.formats]\ndoor = back_door_format:FORMAT\n")
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def door(path: Path, source: str) -> Path:
    """A model file that runs this when it is read; `notes` is what it says, `forward` its network."""
    path.write_bytes(MAGIC + dedent(source).encode())
    return path
