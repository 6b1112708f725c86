"""Files of the models folder that operators name. They are opened and hashed, never loaded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from shared.storage.artifacts import open_model, resolve_inside
from shared.storage.files import digest_of


@dataclass(frozen=True)
class ModelFiles:
    """`folder`: outside of it nothing is opened."""

    folder: Path

    async def digest(self, name: str) -> str:
        """The digest of a file's bytes. PathRefusedError, ModelMissingError."""
        return await asyncio.to_thread(self._digest, name)

    def _digest(self, name: str) -> str:
        path = resolve_inside(self.folder, name)
        open_model(path, name).close()
        return digest_of(path)
