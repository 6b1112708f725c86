"""What workers report is taken in: games, signs of life, failures. Each call is one transaction.

What it reports is taken from whoever holds the claim, late or not: a game is the same whoever plays it, and counts once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from play.counting import Result
from play.record import PlayedGame
from services.gauntlet import announcements, evidence, figures, repository
from services.gauntlet.claim import Claim
from services.gauntlet.cost import NO_COST, Cost
from services.gauntlet.course import Course
from services.gauntlet.errors import ClaimOverError, DifferentGameError
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.figures import Noted
from services.gauntlet.reports import is_same, require_of_claim, require_planned
from services.gauntlet.service.courses import course_of, tells_repeats
from services.gauntlet.service.recognising import Recognising
from services.gauntlet.worker.crash import MOST_KEPT, Crash
from services.gauntlet.worker.work import WorkAnswer, WorkFailure, WorkReport
from shared.contract.words import PANEL, EvaluationState, OpponentName
from shared.storage.database import Write, after_commit


class Held(NamedTuple):
    """A claim and its evaluation, locked; and what is counted once all is committed."""

    tx: Write
    evaluation: Evaluation
    claim: Claim
    noted: Noted


@dataclass(frozen=True)
class TakingIn(Recognising):
    """Takes in what workers report."""

    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer:
        """Take in what a worker played. ClaimOverError if there is no such claim any more, ReportRefusedError if it cannot be;
        DifferentGameError, and an entry for auditors, if a game was recorded otherwise."""
        if report == WorkReport():
            [answer] = await self.keep([claim_id])
            if answer is None:
                raise ClaimOverError(f"there is no claim {claim_id} any more")
            return answer
        try:
            async with self._held(claim_id, quiet=True) as held:
                return await self._take(held, report)
        except DifferentGameError:
            await self._dispute(claim_id, report)
            raise

    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None:
        """The claim cannot be carried out: another worker tries, if this one died; else the evaluation ends without evidence, or
        goes on without a version of the panel."""
        async with self._held(claim_id) as held:
            tx, claim = held.tx, held.claim
            await repository.drop_claim(tx, claim.id)
            if claim.is_over:
                return
            await self._keep_crash(tx, claim, failure.crash)
            if failure.code == "worker_lost":
                held.noted.later(figures.DEATHS.inc)
            opponent, most = claim.blocks.opponent if claim.blocks else None, self.rules.most_attempts
            moved = held.evaluation.could_not_meet(opponent, failure.code, failure.reason, most)
            await self.journal.save(tx, moved)
            if opponent in moved.silenced:
                await self._go_on_without(tx, moved, held.noted)

    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None:
        """Its games are free at once; `reason`: what its worker lacks at this moment, which the evaluation shows until games are
        recorded. Without such a claim there is nothing to do."""
        async with self.database.write(quiet=reason is not None) as tx:
            claim = await repository.claim(tx, claim_id) if reason else None
            evaluation = await repository.locked(tx, claim.evaluation_id) if claim else None
            await repository.drop_claim(tx, claim_id)
            if claim and reason and evaluation is not None and evaluation.state is EvaluationState.RUNNING:
                await self.journal.save(tx, evaluation.held_up(f"worker {claim.worker}: {reason}"))

    async def keep(self, claim_ids: Sequence[UUID]) -> list[WorkAnswer | None]:
        """Signs of life of whoever holds these claims; None for one that there is not any more."""
        async with self.database.write(quiet=True) as tx:
            kept = await repository.extend_claims(tx, claim_ids, self.rules.claim_seconds)
            kept |= await repository.are_wanted(tx, set(claim_ids) - set(kept)) if len(kept) < len(claim_ids) else {}
        return [self._answer(alive=kept[each]) if each in kept else None for each in claim_ids]

    async def _take(self, held: Held, report: WorkReport) -> WorkAnswer:
        tx, evaluation, claim, noted = held
        cost = _cost(claim, report)
        if claim.is_over:
            return await self._last_word(held, cost, done=report.done)
        course = await self.courses.of(tx, evaluation)
        if report.model is not None and evaluation.learns_from(report.model, report.confinement):
            described = await self.journal.save(tx, evaluation.described(report.model, report.confinement))
            recognised = described if evaluation.model else await self._recognise(tx, described)
            if recognised is not described:
                return await self._begin_anew(held._replace(evaluation=recognised), cost, done=report.done)
            evaluation = described
        new = await self._record(held, report) if report.games else []
        course.add(_counting(evaluation, new))
        if new or report.done:
            evaluation = await self.journal.save(tx, evaluation.progressed(cost))
        elif cost != NO_COST:
            evaluation = await self.journal.save(tx, evaluation.spent(cost))
        noted.later(lambda: figures.note(new, cost))
        noted.later(lambda: figures.note_confinement(report.confinement))
        await self._keep_crash(tx, claim, report.crash)
        if _is_over(evaluation, course) and (report.done or not evaluation.skip_games):
            await self._complete(tx, evaluation, course, noted)
            return self._answer(alive=False)
        return await self._go_on(held._replace(evaluation=evaluation), course, cost, done=report.done)

    async def _begin_anew(self, held: Held, cost: Cost, *, done: bool) -> WorkAnswer:
        """What the claim was given is not to be played: its weights have games already, or another seed."""
        answer = await self._last_word(held, cost, done=done)
        evaluation, course = held.evaluation.spent(cost), await course_of(held.tx, held.evaluation)
        if _is_over(evaluation, course):
            await self._complete(held.tx, evaluation, course, held.noted)
        return answer

    async def _keep_crash(self, tx: Write, claim: Claim, crash: Crash | None) -> None:
        """Keep a dossier, if it is among the first of its evaluation and was not told before."""
        if crash is None:
            return
        require_of_claim(claim, crash)
        kept = await repository.crashes_of(tx, claim.evaluation_id)
        if len(kept) < MOST_KEPT and (claim.id, crash) not in [(each.claim_id, each.crash) for each in kept]:
            await repository.add_crash(tx, claim, len(kept) + 1, crash)

    async def _record(self, held: Held, report: WorkReport) -> list[PlayedGame]:
        """Those of the games that are new."""
        tx, evaluation, claim, _ = held
        require_planned(evaluation, claim, report.games)
        before = await repository.record_games(tx, evaluation.id, report.games)
        for each in before:
            recorded = await repository.recorded_as(tx, evaluation.id, each)
            if recorded is None or not is_same(recorded, each):
                raise DifferentGameError(
                    f"game {each.index} against {each.opponent} was recorded already, and was played otherwise"
                )
        return [each for each in report.games if each not in before]

    async def _last_word(self, held: Held, cost: Cost, *, done: bool) -> WorkAnswer:
        """Games of a claim that is over count for nothing; what they cost does."""
        tx, claim = held.tx, held.claim
        if cost != NO_COST:
            await self.journal.save(tx, held.evaluation.spent(cost))
            held.noted.later(lambda: figures.note([], cost))
        if done:
            await repository.drop_claim(tx, claim.id)
        elif cost != NO_COST:
            await repository.keep_claim(tx, claim.id, claim.told.plus(cost), self.rules.claim_seconds)
        return self._answer(alive=False)

    async def _go_on(self, held: Held, course: Course, cost: Cost, *, done: bool) -> WorkAnswer:
        """The claim is over when it is done, or its gate is decided; else it is good for another while."""
        tx, evaluation, claim, noted = held
        decided = claim.blocks is not None and claim.blocks.opponent != course.opponent
        if done:
            await repository.drop_claim(tx, claim.id)
        else:
            await repository.keep_claim(tx, claim.id, claim.told.plus(cost), self.rules.claim_seconds)
        if decided:
            after_commit(tx, self.database.wake)
            await repository.end_claims(tx, evaluation.id, course.opponent)
            await self._drop_surplus(tx, evaluation, course, noted)
            if course.opponent is not None and claim.blocks is not None and claim.blocks.opponent not in PANEL:
                await self._announce(tx, evaluation, claim.blocks.opponent)
        else:
            self.courses.keep(tx, evaluation, course)
        return self._answer(alive=not decided and not done)

    async def _announce(self, tx: Write, evaluation: Evaluation, opponent: OpponentName) -> None:
        """A gate is decided, and another opponent is met."""
        found = evidence.assemble(evaluation, await repository.results(tx, evaluation.id)).of(opponent)
        if found is not None:
            await self.journal.emit(tx, announcements.progressed(evaluation, found), evaluation)

    async def _go_on_without(self, tx: Write, evaluation: Evaluation, noted: Noted) -> None:
        """A version of the panel is met no more: its claims are over, and so is the evaluation if nobody else is to be met."""
        course = await course_of(tx, evaluation)
        await repository.end_claims(tx, evaluation.id, course.opponent)
        if _is_over(evaluation, course):
            await self._complete(tx, evaluation, course, noted)
        else:
            await self._drop_surplus(tx, evaluation, course, noted)

    async def _dispute(self, claim_id: UUID, report: WorkReport) -> None:
        disputed = 0
        async with self.database.write() as tx:
            claim = await repository.claim(tx, claim_id)
            if claim is None:
                return
            for each in report.games:
                recorded = await repository.recorded_as(tx, claim.evaluation_id, each)
                if recorded is not None and not is_same(recorded, each):
                    disputed += 1
                    await repository.add_dispute(tx, claim.evaluation_id, claim.worker, [each])
            await repository.drop_claim(tx, claim_id)
        figures.DISPUTES.inc(disputed)

    @asynccontextmanager
    async def _held(self, claim_id: UUID, *, quiet: bool = False) -> AsyncIterator[Held]:
        """A transaction on the evaluation of a claim. ClaimOverError without it."""
        noted = Noted()
        async with self.database.write(quiet=quiet) as tx:
            evaluation = await repository.locked_of_claim(tx, claim_id)
            # read when it is locked: whoever had the evaluation until then may have ended the claim
            claim = await repository.claim(tx, claim_id) if evaluation else None
            if claim is None or evaluation is None or evaluation.state is not EvaluationState.RUNNING:
                raise ClaimOverError(f"there is no claim {claim_id} any more")
            yield Held(tx, evaluation, claim, noted)
        noted.count()


def _cost(claim: Claim, report: WorkReport) -> Cost:
    """What a claim cost that was not told before: a report says what it cost so far."""
    return Cost(report.cpu_seconds, report.forward_seconds, report.surplus_games).beyond(claim.told)


def _counting(evaluation: Evaluation, played: Sequence[PlayedGame]) -> list[Result]:
    """What counts of games that were recorded, as a course has it."""
    found = [Result.of(each) for each in played]
    return found if tells_repeats(evaluation) else [each._replace(fingerprint="") for each in found]


def _is_over(evaluation: Evaluation, course: Course) -> bool:
    """Whether nobody is to be met any more, and it is known what was played."""
    return course.opponent is None and evaluation.model is not None
