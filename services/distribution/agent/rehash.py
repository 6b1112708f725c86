"""Reads the node's models again, so that a disk that forgets is noticed before a game is played with what it made of them.

Slowly, past the cache of the system and without filling it. It reports what it finds to the store and changes no file.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

from services.distribution.agent.store import ModelStore
from shared.storage.files import CHUNK

BYTES_PER_SECOND = 64 * CHUNK
"""At most, of the disk's."""


async def rehash_for_ever(store: ModelStore, seconds: float) -> None:
    """Read every model again, with so many seconds between two rounds."""
    while True:
        await asyncio.sleep(seconds)
        await rehash(store)


async def rehash(store: ModelStore) -> None:
    """Read every model once."""
    for configuration in await asyncio.to_thread(store.configurations):
        path = store.path(configuration)
        before = await asyncio.to_thread(store.look, path)
        if before is not None:
            await asyncio.to_thread(store.found, path, before, await _digest(path))
            await asyncio.to_thread(store.inventory)


async def _digest(path: Path) -> str | None:
    """The digest of the bytes on the disk; None if they cannot be read."""
    sha, done = hashlib.sha256(), 0
    try:
        with path.open("rb", buffering=0) as stream:
            await asyncio.to_thread(_forget, stream.fileno())
            while chunk := await asyncio.to_thread(os.pread, stream.fileno(), CHUNK, done):
                sha.update(chunk)
                done += len(chunk)
                await asyncio.sleep(len(chunk) / BYTES_PER_SECOND)
            await asyncio.to_thread(_forget, stream.fileno())
    except OSError:
        return None
    return sha.hexdigest()


def _forget(file: int) -> None:
    """Have the system read the file's bytes from the disk; where it cannot be asked to, it reads what it has."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
