"""What a model file says of itself: for which configuration it was made. Nothing is unpickled or run, and no torch is needed.

A checkpoint of this project is a zip whose pickle is read as a list of operations; a safetensors file has a header of JSON.
Any other file, and one that says nothing, is not judged here.
"""

from __future__ import annotations

import itertools
import json
import pickletools
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from shared.contract.configuration import Configuration

MOST_BYTES = 8 * 1024 * 1024
"""Of a pickle or header that is looked into."""
MOST_STEPS = 200_000
NOT_UNDERSTOOD = (zipfile.BadZipFile, ValueError, KeyError, IndexError, AttributeError, RuntimeError)
_CHECKPOINT = "ringrift-checkpoint-v1"
_ZIP = b"PK\x03\x04"
_LENGTH_BYTES = 8
_SAVES = ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE")
_LOADS = ("BINGET", "LONG_BINGET", "GET")
_SILENT = ("PROTO", "FRAME")


class WrongContentError(Exception):
    """The file is of another configuration than its name says."""


def require_content(path: Path, configuration: str) -> None:
    """WrongContentError if a file says that it was made for another configuration."""
    found, wanted = _said(path), Configuration.parse(configuration)
    board, players = found.get("board_type", wanted.board_type), found.get("num_players", wanted.num_players)
    if (str(board), str(players)) != (wanted.board_type, str(wanted.num_players)):
        raise WrongContentError(
            f"the file says that it is for {board!s:.100} with {players!s:.20} players, not for {wanted}"
        )


def _said(path: Path) -> Mapping[str, object]:
    """What the file says of itself; empty if it says nothing that is understood."""
    with suppress(*NOT_UNDERSTOOD), path.open("rb") as stream:
        head = stream.read(_LENGTH_BYTES)
        if head.startswith(_ZIP):
            return _of_pickle(_pickle_in(path))
        length = int.from_bytes(head, "little")
        if len(head) == _LENGTH_BYTES and 2 <= length <= MOST_BYTES:
            said = json.loads(stream.read(length)).get("__metadata__")
            return said if isinstance(said, dict) else {}
    return {}


def _pickle_in(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        [info] = [each for each in archive.infolist() if each.filename.endswith("/data.pkl")]
        return archive.read(info) if info.file_size <= MOST_BYTES else b""


def _of_pickle(pickle: bytes) -> Mapping[str, object]:
    """What stands behind the names of the checkpoint's first entries, if it is one of this project."""
    values: list[object] = []
    memo: dict[object, object] = {}
    for operation, value, _ in itertools.islice(pickletools.genops(pickle), MOST_STEPS):
        if operation.name in _SAVES:
            memo[len(memo) if operation.name == "MEMOIZE" else value] = values[-1] if values else None
        elif operation.name in _LOADS:
            values.append(memo.get(value))
        elif operation.name not in _SILENT:
            values.append(value)
    found = {name: values[values.index(name) + 1] for name in ("format", "board_type", "num_players")}
    return found if found["format"] == _CHECKPOINT else {}
