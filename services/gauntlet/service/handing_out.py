"""Games are handed out to workers that ask for them: one transaction for each evaluation that has work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from services.gauntlet import announcements, figures, repository
from services.gauntlet.allotment import Allot, allot, allot_late, late_at_the_earliest
from services.gauntlet.announced import Announced
from services.gauntlet.claim import Claim
from services.gauntlet.course import Blocks, Course
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.figures import Noted
from services.gauntlet.panel import panel_of
from services.gauntlet.service.journal import candidate_network, network_of
from services.gauntlet.service.work_parts import WorkParts
from services.gauntlet.worker.work import PROTOCOL, CountedGames, ModelReference, Work, WorkWish
from shared.contract.evidence import CanonicalReference, PanelMember
from shared.contract.panel import versions_of
from shared.contract.words import PANEL, EvaluationState
from shared.storage.database import Write, lock_for_transaction

IN_TURN, MOST_LOOKED_AT = 4, 64
"""Evaluations that are looked at for work: so many at a time, and no more than so many."""


@dataclass(frozen=True)
class HandingOut(WorkParts):
    """Hands out games."""

    async def claim(self, wishes: Sequence[WorkWish]) -> list[Work | None]:
        """Work for each of these workers, in the order of evaluations and as far as there is some."""
        found: list[Work | None] = []
        for share, held in ((allot, 0.0), (allot_late, late_at_the_earliest(self.rules.claim_seconds))):
            async for turn in self._in_turn(held):
                if len(found) == len(wishes):
                    return found
                found += await self._claim_of(turn, wishes[len(found) :], share)
        return [*found, *(None for _ in wishes[len(found) :])]

    async def _in_turn(self, held: float) -> AsyncIterator[repository.Turn]:
        """Evaluations that may have work, in the order in which they are played; those with claims that are older than `held`."""
        for after in range(0, MOST_LOOKED_AT, IN_TURN):
            async with self.database.read() as tx:
                page = await repository.playable(tx, self.rules.at_once, IN_TURN, after, held)
            for turn in page:
                yield turn
            if len(page) < IN_TURN:
                return

    async def _claim_of(self, turn: repository.Turn, wishes: Sequence[WorkWish], share: Allot) -> list[Work]:
        """Work of one evaluation for as many of these workers as it has work for. Only a beginning is worth waking others for."""
        noted = Noted()
        async with self.database.write(quiet=not turn.begins) as tx:
            evaluation = await repository.locked_unless_busy(tx, turn.evaluation_id)
            if evaluation is None or evaluation.state not in (EvaluationState.QUEUED, EvaluationState.RUNNING):
                return []
            if evaluation.state is EvaluationState.QUEUED:
                if not await self._may_begin(tx, evaluation):
                    return []
                evaluation = await self._begin(tx, evaluation)
            found = await self._share_out(tx, evaluation, wishes, share, noted)
        noted.count()
        return found

    async def _may_begin(self, tx: Write, evaluation: Evaluation) -> bool:
        """Whether one more of its configuration may run; until the transaction ends no other one of it begins."""
        await lock_for_transaction(tx, f"begin {evaluation.configuration}")
        return await repository.running(tx, str(evaluation.configuration)) < self.rules.at_once

    async def _begin(self, tx: Write, evaluation: Evaluation) -> Evaluation:
        met = await repository.canonical(tx, str(evaluation.configuration))
        panel = await self._panel(tx, evaluation, met) if met else []
        is_canonical = met is not None and await repository.same_weights(
            tx, evaluation.configuration, evaluation.playable.digest, met.digest
        )
        evaluation = await self.journal.save(tx, evaluation.begun(met, panel, is_canonical=is_canonical))
        await repository.repeat_games(tx, evaluation)
        await self.journal.emit(tx, announcements.started(evaluation), evaluation)
        return evaluation

    async def _panel(self, tx: Write, evaluation: Evaluation, met: CanonicalReference) -> list[PanelMember]:
        """Whom it meets beside its gates, where its policy wants that."""
        if evaluation.playable.gates.panel == "off" or evaluation.skip_games:
            return []
        wanted = versions_of(met.version).values()
        known = await repository.canonical_digests(tx, str(evaluation.configuration), wanted)
        held = {version: digest for version, digest in known.items() if await self.holds(digest)}
        return panel_of(evaluation.playable.digest, met, held)

    async def _share_out(
        self, tx: Write, evaluation: Evaluation, wishes: Sequence[WorkWish], share: Allot, noted: Noted
    ) -> list[Work]:
        seconds = self.rules.claim_seconds
        held = await repository.claims_of(tx, evaluation.id)
        live = [each for each in held if each.is_live(seconds)]
        silent = [each for each in held if not each.is_live(seconds)]
        course, claims = await self.courses.of(tx, evaluation), []
        self.courses.keep(tx, evaluation, course)
        for wish in wishes:
            blocks = share(evaluation, course, live, wish, len(wishes), seconds)
            if blocks is None and (course.opponent is not None or live):
                break
            claims.append(_new_claim(evaluation, wish, blocks, seconds))
            live.append(claims[-1])
        if not claims:
            return []
        await repository.add_claims(tx, claims, seconds)
        expired = sum(any(each.holds_first_of(new) for each in silent) for new in claims)
        noted.later(lambda: figures.note_claims(len(claims), expired))
        met = evaluation.canonical_met(course.opponent)
        networks = await candidate_network(tx, evaluation), await network_of(tx, met)
        return [self._work(evaluation, each, course, met, *networks) for each in claims]

    def _work(
        self, evaluation: Evaluation, claim: Claim, course: Course, met: CanonicalReference | None, candidate: Announced,
        previous: Announced,
    ) -> Work:  # fmt: skip
        playable = evaluation.playable
        named = f"canonical version {met.version}" if met else ""
        blocks = claim.blocks._asdict() if claim.blocks else {}
        return Work(
            protocol=PROTOCOL, claim_id=claim.id, evaluation_id=evaluation.id, **evaluation.configuration._asdict(),
            candidate=ModelReference(digest=playable.digest, name=evaluation.title, **candidate._asdict()),
            previous=ModelReference(digest=met.digest, name=named, **previous._asdict()) if met else None,
            gates=playable.gates, play=evaluation.play, seed=playable.seed, **blocks,
            counted=_counted(evaluation, course, claim.blocks),
            report_seconds=self.rules.claim_seconds, move_seconds=self.rules.move_seconds,
            game_seconds=self.rules.game_seconds, most_model_bytes=self.rules.most_model_bytes,
            traceparent=evaluation.traceparent,
        )  # fmt: skip


def _new_claim(evaluation: Evaluation, wish: WorkWish, blocks: Blocks | None, seconds: float) -> Claim:
    now = evaluation.seen_at
    until = now + timedelta(seconds=seconds)
    return Claim(uuid4(), evaluation.id, wish.worker, blocks, issued_at=now, until=until, seen_at=now)


def _counted(evaluation: Evaluation, course: Course, blocks: Blocks | None) -> CountedGames | None:
    """What counts before the claimed games, where that is all that comes before them, and says all that their gate needs."""
    if blocks is None:
        return None
    counted = course.counted(blocks.opponent)
    by_schedule = evaluation.playable.gates.mode == "exact" and blocks.opponent not in PANEL
    tells = counted.games == 0 or by_schedule
    if not tells or counted.games != blocks.first:
        return None
    return CountedGames(histogram=list(counted.histogram), unscored=counted.unscored)
