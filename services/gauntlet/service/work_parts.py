"""What handing out games and taking them in have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.gauntlet import evidence, repository
from services.gauntlet.cost import Cost
from services.gauntlet.course import Course
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.figures import CYCLES, SURPLUS, Noted
from services.gauntlet.service.courses import Courses
from services.gauntlet.service.journal import Journal
from services.gauntlet.work_rules import WorkRules
from services.gauntlet.worker.work import WorkAnswer
from shared.contract.words import Digest
from shared.storage.database import Transactions, Write, after_commit


@dataclass(frozen=True)
class WorkParts:
    """`holds`: whether the bytes of a model are in the artifact store."""

    database: Transactions
    journal: Journal
    rules: WorkRules
    holds: Callable[[Digest], Awaitable[bool]]
    courses: Courses = field(default_factory=Courses)

    async def _complete(self, tx: Write, evaluation: Evaluation, course: Course, noted: Noted) -> None:
        evaluation = await self._drop_surplus(tx, evaluation, course, noted)
        found = evidence.assemble(evaluation, await repository.results(tx, evaluation.id))
        await self.journal.save(tx, evaluation.completed(found))
        after_commit(tx, self.database.wake)
        if found.cycles:
            noted.later(CYCLES.inc)

    async def _drop_surplus(self, tx: Write, evaluation: Evaluation, course: Course, noted: Noted) -> Evaluation:
        """Forget games that were played after their gate was decided: rows are those that count, on any number of workers."""
        surplus = course.surplus
        if not surplus:
            return evaluation
        await repository.drop_games(tx, evaluation.id, surplus)
        noted.later(lambda: SURPLUS.inc(len(surplus)))
        return await self.journal.save(tx, evaluation.progressed(Cost(surplus_games=len(surplus))))

    def _answer(self, *, alive: bool) -> WorkAnswer:
        return WorkAnswer(alive=alive, report_seconds=self.rules.claim_seconds)
