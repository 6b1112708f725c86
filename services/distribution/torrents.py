"""The torrents of artifacts, each made once in the life of a process: that costs a reading of the whole file."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shared.storage.artifacts import ArtifactFile

if TYPE_CHECKING:
    from services.distribution.agent.swarm.torrent import Torrent

MOST_KEPT = 50


class Torrents:
    """`make`: a file's torrent, from its path and digest; it blocks. Several who ask for the same wait for one making."""

    def __init__(self, make: Callable[[Path, str], Torrent]) -> None:
        self._make = make
        self._made: dict[str, asyncio.Task[Torrent]] = {}

    async def of(self, file: ArtifactFile) -> Torrent:
        """The torrent of an artifact. OSError if the file cannot be read."""
        task = self._made.get(file.digest)
        if task is None or (task.done() and task.exception() is not None):
            task = self._made[file.digest] = asyncio.create_task(asyncio.to_thread(self._make, file.path, file.digest))
            if len(self._made) > MOST_KEPT:
                self._made.pop(next(iter(self._made)))
        return await asyncio.shield(task)
