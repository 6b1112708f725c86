"""The files of the pages that never change under their address: styles, scripts, and what others wrote (static/vendor/README.md).

An address holds the hash of its bytes, so a browser may keep the file for ever.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "static"
TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HASHED = 12
"""Digits of a hash in an address."""


class StaticFile(NamedTuple):
    """One file: its bytes, their type, and the hash in its address."""

    content: bytes
    media_type: str
    hash: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Every file by its name, as it lies in the folder."""
    found = sorted(path for path in FOLDER.rglob("*") if path.suffix in TYPES)
    return {path.relative_to(FOLDER).as_posix(): _read(path) for path in found}


def static_path(name: str) -> str:
    """The address of a file, without the proxy's prefix."""
    return f"/static/{static_files()[name].hash}/{name}"


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(content, TYPES[path.suffix], hashlib.sha256(content).hexdigest()[:HASHED])
