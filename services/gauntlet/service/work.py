"""What workers ask of the service: claims of games, reports of what came of them. Whoever plays knows no database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from services.gauntlet import repository
from services.gauntlet.backlog import Backlogged, Standing
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.figures import Noted
from services.gauntlet.service.courses import course_of
from services.gauntlet.service.handing_out import HandingOut
from services.gauntlet.service.journal import known
from services.gauntlet.service.taking_in import TakingIn
from shared.contract.words import PANEL, EvaluationState
from shared.storage.database import Write


@dataclass(frozen=True)
class WorkService(HandingOut, TakingIn):
    """Hands out games and takes them in."""

    async def end_overdue(self) -> None:
        """End what has been played for too long."""
        async with self.database.read() as tx:
            overdue = await repository.overdue(tx, self.rules.evaluation_seconds)
        for evaluation_id in overdue:
            noted = Noted()
            async with self.database.write() as tx:
                evaluation = known(await repository.locked(tx, evaluation_id), evaluation_id)
                if evaluation.state is EvaluationState.RUNNING:
                    await self._end(tx, evaluation, noted)
            noted.count()

    async def backlog(self) -> list[Backlogged]:
        """What is left to play, in the order in which it was asked for."""
        async with self.database.read() as tx:
            return await repository.backlog(tx)

    async def standing(self) -> Standing:
        """How old the oldest evaluation is that has not ended, and how many claims are live."""
        async with self.database.read() as tx:
            age, live = await repository.oldest_open(tx), await repository.live_claims(tx)
        return Standing(age, self.rules.evaluation_seconds, live)

    def changes(self, sweep: float) -> AsyncIterator[None]:
        """Now, whenever something may have changed, and at least every `sweep` seconds."""
        return self.database.changes(sweep)

    async def _end(self, tx: Write, evaluation: Evaluation, noted: Noted) -> None:
        """It took too long: without evidence, or without the rest of the panel where the gates are decided."""
        course, seconds = await course_of(tx, evaluation), self.rules.evaluation_seconds
        overdue = evaluation.overdue(seconds, course.recorded)
        if course.opponent not in PANEL:
            await self.journal.save(tx, overdue)
            return
        evaluation = await self.journal.save(tx, evaluation.without_panel(overdue.failure_reason or ""))
        await self._complete(tx, evaluation, await course_of(tx, evaluation), noted)
