"""The curriculum: learnt from in the transaction of each disposition, and read by whoever shares training out."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.promotion import announcements, repository
from services.promotion.curriculum import CurriculumIntegration, Weighed
from services.promotion.repository import Present
from shared.contract.events.promotion import CurriculumUpdated
from shared.contract.words import DispositionCode
from shared.storage.database import Database
from shared.storage.together import Rows


@dataclass(frozen=True)
class Curriculum:
    """Shows the weights."""

    database: Database

    async def weights(self) -> list[Weighed]:
        """Every configuration of which something is known, with its weight now."""
        async with self.database.read() as tx:
            known, at = await repository.curriculum(tx)
        return CurriculumIntegration.weigh(known, at)


def learnt(present: Present, code: DispositionCode, decision_id: UUID) -> tuple[Rows, CurriculumUpdated] | None:
    """What is learnt from a candidate's disposition, to be written, and what is to be said of it; None if nothing is."""
    configuration = present.configuration
    before = next((each for each in present.standings if each.configuration == configuration), None)
    after = CurriculumIntegration.after(before, configuration, code, present.at)
    if after is None:
        return None
    others = [each for each in present.standings if each.configuration != configuration]
    [weighed, *_] = CurriculumIntegration.weigh([after, *others], present.at)
    said = announcements.curriculum_updated(weighed, len(others) + 1, code, decision_id)
    return repository.learnt(after, decision_id), said
