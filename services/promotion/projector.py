"""Keeps the canonical files in step with the ledger: after every commit, and every few seconds in any case.

Files that are missing, or were written for what the ledger does not name, are written again at once. One that an operator
changed is said to differ, and mended after a while (file_watch.py), with what lay there put aside. Bytes that the artifact store
has lost are taken in from the canonical file.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path

from services.promotion import repository
from services.promotion.file_watch import FileWatch
from services.promotion.projection import is_present, project, put_aside, written_for
from services.promotion.versions import CanonicalVersion
from shared.contract.words import canonical_name
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.storage.artifacts import ArtifactError, ArtifactFile, ArtifactStore
from shared.storage.database import Database

PROJECTION_SECONDS, ARTIFACT_SECONDS = 5.0, 30.0
"""How often canonical files are looked at, and their bytes in the artifact store."""
_log = get_logger(__name__)


@dataclass(frozen=True)
class Projector:
    """Writes the canonical files of every configuration."""

    database: Database
    store: ArtifactStore
    models: Path
    watch: FileWatch
    _troubles: dict[str, RepeatedLog] = field(default_factory=dict, init=False)
    _looked: dict[str, float] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Project whatever is not projected, for ever. One configuration's fault does not stop the others."""
        async for _ in self.database.changes(PROJECTION_SECONDS):
            async with self.database.read() as tx:
                heads = await repository.heads(tx)
                done = await repository.projected(tx)
            for head in heads:
                if not await self._is_done(head, done):
                    await self._try(head, self._project)
                else:
                    await self._try(head, self._verify)

    async def _is_done(self, head: CanonicalVersion, done: dict[str, int]) -> bool:
        if done.get(head.configuration) != head.version:
            return False
        return await asyncio.to_thread(self._holds, head)

    def _holds(self, head: CanonicalVersion) -> bool:
        """Whether the files are there, and no other ledger's."""
        noted = written_for(self.models, head.configuration)
        return is_present(self.models, head.configuration) and noted in (None, head.digest)

    async def _try(self, head: CanonicalVersion, step: Callable[[CanonicalVersion], Awaitable[None]]) -> None:
        configuration = head.configuration
        said = RepeatedLog(_log, "writing the canonical file", configuration=configuration)
        said = self._troubles.setdefault(configuration, said)
        try:
            await step(head)
        except (OSError, ArtifactError) as error:
            said.failed(error)
        else:
            said.worked()

    async def _verify(self, head: CanonicalVersion) -> None:
        """Look whether the files still hold what was written, and mend them when they have not for long enough."""
        before = self.watch.differences.get(head.configuration)
        found = await asyncio.to_thread(self.watch.look, head)
        if found is None:
            return await self._mend_artifact(head)
        facts = {"configuration": found.configuration, "version": found.version, "expected": found.expected}
        if before is None or before.since != found.since:
            left = max(self.watch.left(found), 0.0)
            _log.warning("canonical file differs from the ledger", **facts, found=found.found, mended_in=left)
        if self.watch.left(found) <= 0:
            aside = await asyncio.to_thread(put_aside, self.models, found.configuration)
            await self._project(head)
            await asyncio.to_thread(self.watch.look, head)
            _log.warning("canonical file mended", **facts, put_aside=str(aside))

    async def _mend_artifact(self, head: CanonicalVersion) -> None:
        """The canonical file is whole: where the artifact store has lost its bytes, they are taken in from it."""
        now = time.monotonic()
        if now - self._looked.get(head.configuration, -inf) < ARTIFACT_SECONDS:
            return
        if await asyncio.to_thread(self.store.find, head.digest) is None:
            canonical = self.models / canonical_name(head.configuration)
            await asyncio.to_thread(self.store.take_in, canonical, expected=head.digest)
            facts = {"configuration": head.configuration, "version": head.version, "digest": head.digest}
            _log.warning("artifact taken in from the canonical file", **facts)
        self._looked[head.configuration] = now

    async def _project(self, named: CanonicalVersion) -> None:
        configuration = named.configuration
        async with self.database.write(quiet=True) as tx:
            await repository.lock_projection(tx, configuration)
            head, *earlier = await repository.versions(tx, configuration, limit=2)
            previous = await asyncio.to_thread(self.store.file, earlier[0].digest) if earlier else None
            artifact = await asyncio.to_thread(self._artifact, head)
            await asyncio.to_thread(project, self.models, configuration, artifact, previous)
            await repository.record_projection(tx, configuration, head.version)

    def _artifact(self, head: CanonicalVersion) -> ArtifactFile:
        artifact = self.store.file(head.digest)
        if artifact is None:
            text = f"the artifact store has no undamaged copy of {head.digest}, version {head.version}"
            raise FileNotFoundError(text)
        return artifact
