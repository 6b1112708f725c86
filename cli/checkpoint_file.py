"""Writing the checkpoints that the command line trains. Canonical files are the promotion service's to write."""

from __future__ import annotations

from pathlib import Path

from shared.contract.words import CANONICAL_PREFIX
from shared.storage.files import write_atomically


def write_checkpoint(path: Path, data: bytes) -> None:
    """Write a checkpoint so that the path holds the old file or the whole new one. ValueError for a canonical name."""
    if path.name.startswith(CANONICAL_PREFIX):
        raise ValueError(f"{path.name} is the promotion service's to write: choose a name without {CANONICAL_PREFIX!r}")
    with write_atomically(path) as stream:
        stream.write(data)
    path.chmod(0o644)
