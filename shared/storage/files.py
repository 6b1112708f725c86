"""Files: copied while hashed, and published whole or not at all. Blocks: call these functions from a thread.

This is the project's one atomic write; nobody else renames files into place.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

CHUNK = 1024 * 1024
UNFINISHED = ".incoming-*"
"""What files are called until they are published."""
SPARE_BYTES = 64 * CHUNK
"""What must stay free on a disk that files are written to."""


def copy_hashing(source: IO[bytes], target: IO[bytes]) -> tuple[str, int]:
    """Copy all bytes and force them to disk; returns their SHA-256 and number."""
    sha, size = hashlib.sha256(), 0
    while chunk := source.read(CHUNK):
        sha.update(chunk)
        size += target.write(chunk)
    target.flush()
    os.fsync(target.fileno())
    return sha.hexdigest(), size


def free_bytes(folder: Path) -> int:
    """What is free on a folder's disk, for this process."""
    return shutil.disk_usage(folder).free


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def write_atomically(path: Path, temporary: Path | None = None) -> Iterator[IO[bytes]]:
    """Write a file so that its name holds the old bytes or all the new ones, forced to disk, whatever fails meanwhile.

    `temporary`: a name of the caller's own for the unfinished file, in the same folder. One that always is the same is
    overwritten by the next write after a crash; without it a crash leaves a `.incoming-` file behind.
    """
    unfinished = temporary or path.with_name(f".incoming-{secrets.token_hex(8)}")
    try:
        with unfinished.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        publish_file(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def temporary_file(folder: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in `folder` to write and publish; removed if it was not published."""
    path = folder / f".incoming-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as stream:
            yield path, stream
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


def publish_file(temporary: Path, final: Path) -> None:
    """Give a finished file its name atomically and durably."""
    temporary.replace(final)
    folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
