"""The curriculum: learnt from in the transaction of each disposition, and read by whoever shares training out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.promotion import announcements, repository
from services.promotion.curriculum import CurriculumIntegration, Weighed
from shared.contract.events.promotion import CurriculumUpdated
from shared.contract.words import DispositionCode
from shared.storage.database import Database, Write


@dataclass(frozen=True)
class Curriculum:
    """Shows the weights."""

    database: Database

    async def weights(self) -> list[Weighed]:
        """Every configuration of which something is known, with its weight now."""
        async with self.database.read() as tx:
            known, at = await repository.curriculum(tx)
        return CurriculumIntegration.weigh(known, at)


async def learnt(tx: Write, configuration: str, code: DispositionCode, decision_id: UUID) -> CurriculumUpdated | None:
    """Learn from a candidate's disposition; what is to be said of it, None if nothing is learnt. The caller holds the
    configuration's lock."""
    known, at = await repository.curriculum(tx)
    before = next((each for each in known if each.configuration == configuration), None)
    after = CurriculumIntegration.after(before, configuration, code, at)
    if after is None:
        return None
    await repository.record_standing(tx, after, decision_id)
    others = [each for each in known if each.configuration != configuration]
    [weighed, *_] = CurriculumIntegration.weigh([after, *others], at)
    return announcements.curriculum_updated(weighed, len(known) + (before is None), code, decision_id)
