"""Lets go of models that were refused on sight: no file that cannot be loaded fills the artifact store.

They are condemned and not deleted: the promotion service does that after a while, and whoever asks for one before gets it back.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from services.gauntlet.records import Refusals
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore

PASS_SECONDS = 30.0
MOST_REMEMBERED = 10_000
_log = get_logger(__name__)


@dataclass(frozen=True)
class Refused:
    """`records`: which models were refused lately, and are in no other evaluation."""

    records: Refusals
    store: ArtifactStore
    _done: dict[object, None] = field(default_factory=dict, init=False)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(PASS_SECONDS)

    async def look(self) -> None:
        """Condemn what was refused since the last look."""
        for evaluation_id, digest in await self.records.refused_models():
            if evaluation_id in self._done:
                continue
            await asyncio.to_thread(self.store.condemn, digest)
            _log.info("refused model condemned", evaluation_id=str(evaluation_id), digest=digest)
            self._done[evaluation_id] = None
            if len(self._done) > MOST_REMEMBERED:
                self._done.pop(next(iter(self._done)))
