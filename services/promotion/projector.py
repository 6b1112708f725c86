"""Keeps the canonical files in step with the ledger: after every commit, and every few seconds in any case.

Files that are missing, or were written for what the ledger does not name, are written again. A file that an operator changed is
left alone until the pointer moves: restoring a backup by hand and then asking for its distribution is how the runbook rolls back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from services.promotion import repository
from services.promotion.projection import is_present, project, written_for
from services.promotion.versions import CanonicalVersion
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.storage.artifacts import Artifact, ArtifactError, ArtifactStore
from shared.storage.database import Database

PROJECTION_SECONDS = 5.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Projector:
    """Writes the canonical files of every configuration."""

    database: Database
    store: ArtifactStore
    models: Path
    _troubles: dict[str, RepeatedLog] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Project whatever is not projected, for ever. One configuration's fault does not stop the others."""
        async for _ in self.database.changes(PROJECTION_SECONDS):
            async with self.database.read() as tx:
                heads = await repository.heads(tx)
                done = await repository.projected(tx)
            for head in heads:
                if not await self._is_done(head, done):
                    await self._try_project(head.configuration)

    async def _is_done(self, head: CanonicalVersion, done: dict[str, int]) -> bool:
        if done.get(head.configuration) != head.version:
            return False
        return await asyncio.to_thread(self._holds, head)

    def _holds(self, head: CanonicalVersion) -> bool:
        """Whether the files are there, and no other ledger's."""
        noted = written_for(self.models, head.configuration)
        return is_present(self.models, head.configuration) and noted in (None, head.digest)

    async def _try_project(self, configuration: str) -> None:
        said = RepeatedLog(_log, "writing the canonical file", configuration=configuration)
        said = self._troubles.setdefault(configuration, said)
        try:
            await self._project(configuration)
        except (OSError, ArtifactError) as error:
            said.failed(error)
        else:
            said.worked()

    async def _project(self, configuration: str) -> None:
        async with self.database.write(quiet=True) as tx:
            await repository.lock_projection(tx, configuration)
            head, *earlier = await repository.versions(tx, configuration, limit=2)
            previous = await asyncio.to_thread(self.store.find, earlier[0].digest) if earlier else None
            artifact = await asyncio.to_thread(self._artifact, head)
            await asyncio.to_thread(project, self.models, configuration, artifact, previous)
            await repository.record_projection(tx, configuration, head.version)

    def _artifact(self, head: CanonicalVersion) -> Artifact:
        artifact = self.store.find(head.digest)
        if artifact is None:
            raise FileNotFoundError(f"the artifact store lacks {head.digest}, version {head.version}")
        return artifact
