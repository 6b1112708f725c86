"""Courses that are kept between reports are those that the games give, whoever changed them, and whatever failed in between."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from services.gauntlet.errors import ReportRefusedError
from services.gauntlet.service.courses import Courses, course_of
from services.gauntlet.worker.crash import Crash
from services.gauntlet.worker.work import Work
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState, GateMode
from tests.gauntlet.test_work import LONG, say_some
from tests.gauntlet.trial import Trial, played, report

MODES: list[GateMode] = ["exact", "anytime"]
TURNS = 500


@pytest.mark.parametrize("mode", MODES)
async def test_two_services_that_take_turns_agree_with_the_games(trial: Trial, mode: GateMode) -> None:
    """What either of them keeps is not good any more after the other has taken a report in."""
    chance, services = random.Random(5), [trial.work, replace(trial.work, courses=Courses())]
    evaluation_id = await trial.queue(policy=GatePolicy(games=40, random_win_rate=0.6, mode=mode))
    held: list[Work] = []
    for _ in range(TURNS):
        trial.work = chance.choice(services)
        held += [each for each in await trial.claims(chance.randint(0, 2)) if each]
        if held:
            await say_some(trial, held, chance)
        evaluation = await trial.evaluation(evaluation_id)
        if evaluation.state is EvaluationState.COMPLETED:
            break
    assert evaluation.evidence is not None
    counted = {each.opponent: each.games for each in evaluation.evidence.opponents}
    rows = await trial.games(evaluation_id)
    assert {name: sum(each.opponent == name for each in rows) for name in counted} == counted


async def test_what_was_not_committed_is_not_kept(trial: Trial) -> None:
    """A report that is refused after its games were looked at leaves nothing, and the next one counts them."""
    evaluation_id = await trial.queue(policy=LONG)
    work = await trial.claim()
    await trial.work.report(work.claim_id, report(work, games=played(work)[:2], done=False))
    foreign = Crash(kind="game_errored", reason="of another claim", opponent="heuristic", index=0)
    with pytest.raises(ReportRefusedError):
        await trial.work.report(work.claim_id, report(work, games=played(work)[2:6], crash=foreign, done=False))
    await trial.work.report(work.claim_id, report(work, games=played(work)[2:4], done=False))
    evaluation = (await trial.service.evaluation(evaluation_id)).evaluation
    async with trial.database.write() as tx:
        kept = await trial.work.courses.of(tx, evaluation)
        read = await course_of(tx, evaluation)
    assert (
        (kept.recorded, kept.counted("random"))
        == (read.recorded, read.counted("random"))
        == (4, kept.counted("random"))
    )
