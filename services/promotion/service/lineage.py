"""What came of an evaluation, and how strong the canonical versions were found to be. Shows only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from services.promotion import repository
from services.promotion.repository import DecisionRow
from services.promotion.versions import CanonicalVersion
from shared.contract.evidence import EloEstimate
from shared.storage.database import Database


class Outcomes(NamedTuple):
    """The decisions on an evaluation's evidence, and the canonical versions that they made, each oldest first."""

    decisions: list[DecisionRow]
    versions: list[CanonicalVersion]


@dataclass(frozen=True)
class Lineage:
    """Reads the ledger along what led to what."""

    database: Database

    async def came_of(self, evaluation_id: UUID) -> Outcomes:
        """What came of an evaluation; nothing, as long as it is not judged."""
        async with self.database.read() as tx:
            decisions = await repository.decisions_of(tx, evaluation_id)
            return Outcomes(decisions, await repository.versions_by(tx, [each.id for each in decisions]))

    async def strengths(self, configuration: str, digests: Collection[str]) -> dict[str, EloEstimate]:
        """Elo by digest, of those for which an evaluation found one."""
        async with self.database.read() as tx:
            found = await repository.elo_of(tx, configuration, digests)
        return {digest: EloEstimate.model_validate(elo) for digest, elo in found.items()}
