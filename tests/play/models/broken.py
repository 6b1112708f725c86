"""Checkpoint files that are wrong in one way each, as small as they can be."""

import io
import os
import pickle
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from play.games.registry import get_game
from play.models.architectures.registry import build_network
from tests.kit.checkpoints import save_checkpoint

PARAMETERS = {"hidden": 8, "layers": 1}
LAYER = "policy.weight"


def good_checkpoint(path: Path, board_type: str = "hex8", num_players: int = 2) -> Path:
    """A checkpoint with nothing wrong."""
    game = get_game(board_type, num_players)
    torch.manual_seed(0)
    network = build_network("mlp", PARAMETERS, game)
    save_checkpoint(path, network, game, "mlp", PARAMETERS, version="1", trained_at=datetime(2026, 1, 1, tzinfo=UTC))
    return path


def changed(path: Path, **fields: object) -> Path:
    """A good checkpoint with other values in some of its fields."""
    good_checkpoint(path)
    content = torch.load(path, weights_only=True)
    torch.save(content | fields, path)
    return path


def without(path: Path, field: str) -> Path:
    """A good checkpoint that lacks a field."""
    good_checkpoint(path)
    content = torch.load(path, weights_only=True)
    del content[field]
    torch.save(content, path)
    return path


def with_layer(path: Path, layer: Any) -> Path:
    """A good checkpoint with something else in place of one layer's weights."""
    good_checkpoint(path)
    state = torch.load(path, weights_only=True)["state_dict"]
    return changed(path, state_dict=state | {LAYER: layer})


def layer_of(path: Path) -> torch.Tensor:
    """That layer's right weights."""
    layer: torch.Tensor = torch.load(good_checkpoint(path), weights_only=True)["state_dict"][LAYER]
    return layer


class Code:
    """Makes a folder when it is unpickled by a careless reader."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._mark),)


def bare_pickle(path: Path, mark: Path) -> Path:
    """Code as a plain pickle, as old files were written."""
    path.write_bytes(pickle.dumps(Code(mark)))
    return path


def claiming_terabytes(path: Path) -> Path:
    """A file of some kilobytes whose index says that one layer has 10^13 numbers."""
    numbers = layer_of(path).numel()
    return rewritten(path, struct.pack("<cI", b"J", numbers), b"\x8a\x08" + struct.pack("<q", 10**13))


def rewritten(path: Path, old: bytes, new: bytes) -> Path:
    """A good checkpoint with other bytes in its pickle."""
    good_checkpoint(path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    index = next(name for name in entries if name.endswith("data.pkl"))
    if old not in entries[index]:
        raise ValueError("the pickle does not hold the bytes to be replaced")
    entries[index] = entries[index].replace(old, new)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def bomb(path: Path) -> Path:
    """A zip of a third of a megabyte that unpacks to more than is accepted."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("archive/data.pkl", "w") as entry:
        for _ in range(257):
            entry.write(bytes(1 << 20))
    return path


def saved(path: Path, content: object, *, as_zip: bool = True) -> Path:
    """Anything, written by torch."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=as_zip)
    path.write_bytes(buffer.getvalue())
    return path
