"""The models of the artifact store: what each is kept for, and letting go of those that nobody needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from services.promotion import repository
from services.promotion.collection import Collected, CollectionRules, Listed, listed, plan
from services.promotion.distribution_client import DistributionClient
from services.promotion.errors import DistributionUnreachableError, GauntletUnreachableError
from services.promotion.gauntlet_client import GauntletClient
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Database

PASS_SECONDS = 3600.0
JUDGED_DAYS = 1.0
"""What was judged so lately may be judged again in a moment."""
_log = get_logger(__name__)


@dataclass(frozen=True)
class Artifacts:
    """Nothing goes that the ledger, a person's decision, an open evaluation or a delivery needs; while one of those who know cannot
    be asked, nothing goes at all."""

    database: Database
    store: ArtifactStore
    gauntlet: GauntletClient
    distribution: DistributionClient
    rules: CollectionRules

    async def page(self, after: str | None, limit: int) -> list[Listed]:
        """Models that are kept, by digest. GauntletUnreachableError, DistributionUnreachableError."""
        needed = await self._needed(self.rules.days)
        found = await asyncio.to_thread(lambda: list(listed(self.store.items(), needed)))
        return [each for each in found if after is None or each.artifact.digest > after][:limit]

    async def collect(self, days: float | None, by: str, *, dry_run: bool) -> Collected:
        """Condemn what nobody has needed for so many days, and delete what was condemned long enough ago; or only say what would
        go. GauntletUnreachableError, DistributionUnreachableError."""
        rules = self.rules if days is None else replace(self.rules, days=days)
        needed = await self._needed(rules.days)
        found = await asyncio.to_thread(self._plan, needed, rules)
        if not dry_run:
            await asyncio.to_thread(self._carry_out, found)
            if any(found):
                _log.info("models collected", by=by, **{name: len(each) for name, each in found._asdict().items()})
        return found

    async def run(self) -> None:
        """Collect by the rules, again every hour, for ever."""
        while True:
            try:
                await self.collect(None, "the rules", dry_run=False)
            except (GauntletUnreachableError, DistributionUnreachableError, OSError) as error:
                _log.info("models are not collected now", reason=str(error))
            await asyncio.sleep(PASS_SECONDS)

    async def _needed(self, days: float) -> Mapping[str, str]:
        """Why each digest is needed. Who plays and who delivers are asked first: what ends meanwhile is in the ledger then."""
        played = await self.gauntlet.open_models()
        delivered = await self.distribution.delivered_models()
        async with self.database.read() as tx:
            ledger = await repository.needed_bytes(tx, timedelta(days=max(days, JUDGED_DAYS)))
        return {**dict.fromkeys(played, "is evaluated"), **dict.fromkeys(delivered, "is delivered"), **ledger}

    def _plan(self, needed: Mapping[str, str], rules: CollectionRules) -> Collected:
        return plan(self.store.items(), self.store.items("condemned"), needed, rules, time.time())

    def _carry_out(self, found: Collected) -> None:
        for each in found.restored:
            self.store.find(each.digest)  # whoever asks brings it back
        for each in found.condemned:
            self.store.condemn(each.digest)
        for each in found.deleted:
            self.store.delete_condemned(each.digest)
