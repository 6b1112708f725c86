"""The use cases, for routes and consumers alike, a module for each noun; the only place that emits events."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from services.promotion import figures, repository
from services.promotion.distribution_client import DistributionClient
from services.promotion.file_watch import FileWatch
from services.promotion.gauntlet_client import GauntletClient
from services.promotion.service.artifacts import Artifacts
from services.promotion.service.audit import Audit
from services.promotion.service.curriculum import Curriculum
from services.promotion.service.decisions import Decisions
from services.promotion.service.epochs import Epochs
from services.promotion.service.falling_back import FallingBack
from services.promotion.service.holds import Holds
from services.promotion.service.judging import Judging
from services.promotion.service.keys import Keys
from services.promotion.service.ledger import Ledger
from services.promotion.service.lineage import Lineage
from services.promotion.service.model_files import ModelFiles
from services.promotion.service.pointer import Pointer
from services.promotion.service.policies import Policies
from services.promotion.service.requests import Requests
from services.promotion.service.signed_pointer import SignedPointer, Signing
from services.promotion.service.waivers import Waivers
from services.promotion.service.webhooks import Webhooks
from services.promotion.settings import PromotionSettings
from shared.messaging.outbox import Outbox
from shared.process.credentials import AcceptedKeys
from shared.storage.artifacts import ArtifactStore
from shared.storage.database import Database

__all__ = ["PromotionService"]


@dataclass(frozen=True)
class PromotionService:
    """Everything that the service can be asked for, by noun."""

    database: Database
    outbox: Outbox
    distribution: DistributionClient
    gauntlet: GauntletClient
    files: FileWatch
    artifacts: Artifacts
    audit: Audit
    curriculum: Curriculum
    decisions: Decisions
    epochs: Epochs
    falling_back: FallingBack
    holds: Holds
    judging: Judging
    keys: Keys
    lineage: Lineage
    pointer: Pointer
    policies: Policies
    requests: Requests
    signed_pointer: SignedPointer
    webhooks: Webhooks

    @classmethod
    def of(
        cls, settings: PromotionSettings, database: Database, outbox: Outbox, store: ArtifactStore,
        distribution: DistributionClient, gauntlet: GauntletClient, files: FileWatch, accepted: AcceptedKeys, source: str,
        signing: Signing | None = None,
    ) -> PromotionService:  # fmt: skip
        """Put together from what it reaches. `accepted`: the keys that this process takes; `source`: of its events;
        `signing`: of the pointer, if it is signed."""
        ledger = Ledger(database, outbox, source)
        policies, models = Policies(settings, database), ModelFiles(settings.models_dir)
        holds, rules = Holds(ledger), settings.rules
        judging = Judging(ledger, policies, holds, Waivers(ledger, rules.waiver_seconds), store, rules)
        pointer = Pointer(ledger, policies, holds, store, models, distribution)
        decisions = Decisions(ledger, policies, holds, store)
        requests = Requests(ledger, policies, models)
        signed = SignedPointer(database, signing, settings.pointer_seconds, partial(datetime.now, UTC))
        artifacts = Artifacts(database, store, gauntlet, distribution, settings.collection)
        return cls(
            database, outbox, distribution, gauntlet, files, artifacts, Audit(database), Curriculum(database), decisions,
            Epochs(ledger), FallingBack(ledger, pointer, rules), holds, judging, Keys(database, accepted), Lineage(database),
            pointer, policies, requests, signed, Webhooks(ledger, settings.webhook_rules),
        )  # fmt: skip

    async def measure(self) -> None:
        """Show the figures of the ledger, for ever."""
        while True:
            async with self.database.read() as tx:
                heads, waivers = await repository.heads(tx), await repository.waivers_of_heads(tx)
                awaiting = await repository.count_awaiting(tx)
            unverified = {each.configuration for each in waivers}
            figures.show_ledger(heads, unverified, awaiting, len(self.files.differences))
            await asyncio.sleep(figures.PAUSE_SECONDS)
