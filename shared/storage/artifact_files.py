"""The files of an artifact store for many who ask at the same time.

A model that has to be fetched or hashed first occupies one thread, however many wait for it.
"""

from __future__ import annotations

import asyncio

from shared.storage.artifacts import ArtifactFile, ArtifactStore


class ArtifactFiles:
    """Asks the store once for all who want the same model at a time."""

    def __init__(self, store: ArtifactStore) -> None:
        self.store = store
        self._asked: dict[str, asyncio.Task[ArtifactFile | None]] = {}

    async def file(self, digest: str) -> ArtifactFile | None:
        """As `ArtifactStore.file`. Whoever goes away ends it for nobody else."""
        task = self._asked.get(digest)
        if task is None:
            task = asyncio.create_task(asyncio.to_thread(self.store.file, digest))
            self._asked[digest] = task
            task.add_done_callback(lambda _: self._asked.pop(digest, None))
        return await asyncio.shield(task)
