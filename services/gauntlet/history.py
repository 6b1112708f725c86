"""How the canonical versions of before are learnt: the promotion service is asked for those that its events have not told.

The gauntlet meets them beside the gates (panel.py). What is not known when a candidate begins is not met. Decides nothing.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, Field

from services.gauntlet import repository
from services.gauntlet.policies import PolicyUnknownError, PromotionPolicies
from shared.contract.panel import VERSIONS_AGO, versions_of
from shared.contract.words import ConfigurationKey, Digest, Version
from shared.process.logs import get_logger
from shared.storage.database import Database

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 1.0
_NEWEST = max(VERSIONS_AGO.values())
"""So many versions of each configuration are enough."""
_log = get_logger(__name__)


class _Canonical(BaseModel):
    configuration: ConfigurationKey
    version: Version
    digest: Digest


class _Versions(BaseModel):
    items: list[_Canonical] = Field(max_length=10_000)


class VersionHistory:
    """The canonical versions of the past, as far as candidates meet them."""

    def __init__(self, promotion: PromotionPolicies, database: Database) -> None:
        self._promotion, self._database = promotion, database

    async def follow(self) -> None:
        """Learn what is missing, now and again, for ever."""
        while True:
            learnt = await self._learn()
            await asyncio.sleep(REFRESH_SECONDS if learnt else RETRY_SECONDS)

    async def _learn(self) -> bool:
        """Whether nothing is missing any more."""
        try:
            heads = await self._promotion.read("/v1/configurations", _Versions, {}, "versions")
            for head in heads.items:
                await self._learn_of(head)
        except PolicyUnknownError as error:
            _log.debug("versions unknown", error=str(error))
            return False
        return True

    async def _learn_of(self, head: _Canonical) -> None:
        wanted = set(versions_of(head.version).values())
        async with self._database.read() as tx:
            known = await repository.canonical_digests(tx, head.configuration, wanted)
        if wanted == set(known):
            return
        path = f"/v1/configurations/{head.configuration}/versions"
        found = await self._promotion.read(path, _Versions, {"limit": _NEWEST}, "versions")
        async with self._database.write(quiet=True) as tx:
            for each in found.items:
                if each.configuration == head.configuration:
                    await repository.record_canonical(tx, each.configuration, each.version, each.digest)
