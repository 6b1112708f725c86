"""Weights that were saved again are no new model: what is known of them counts, whatever file they are in."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from services.gauntlet.worker.work import Work
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import Artifact
from tests.gauntlet.trial import MODEL, SQUARE8, Trial, played, report

SHORT = GatePolicy(games=2, random_win_rate=0.5, heuristic_win_rate=0.5)
AGAIN = Artifact("1" * 64, 8)
THIRD = Artifact("2" * 64, 9)
SAME = MODEL.model_copy(update={"fingerprint": "f" * 64})


async def play(trial: Trial, evaluation_id: UUID, units: int = 2) -> list[Work]:
    """Play an evaluation to its end, by workers that see the same weights in every file; returns what they were given."""
    given = list[Work]()
    while (await trial.evaluation(evaluation_id)).state is not EvaluationState.COMPLETED:
        given.append(await trial.claim())
        await trial.work.report(given[-1].claim_id, report(given[-1], units, model=SAME))
    return given


async def test_f20_weights_saved_again_are_no_fresh_draw(trial: Trial) -> None:
    """What was handed out before the file was read counts for nothing; the games are those of the first file, played once."""
    first = await trial.queue(policy=SHORT)
    await play(trial, first, units=0)
    second = await trial.queue(policy=SHORT, artifact=AGAIN)
    [only] = await play(trial, second)
    ended, before = await trial.evaluation(second), await trial.evaluation(first)
    assert only.seed != before.seed == ended.seed
    assert ended.evidence is not None
    assert before.evidence is not None
    assert ended.evidence.opponents == before.evidence.opponents
    assert await trial.games(second) == await trial.games(first)
    assert ended.cost.cpu_seconds == 1.5, "what was played in vain has cost something"


async def test_f20_under_another_policy_its_games_have_the_seed_of_the_first(trial: Trial) -> None:
    """What is not known is played, from the same openings; once the file is known, from the beginning."""
    first = await trial.queue(policy=SHORT)
    await play(trial, first)
    other = SHORT.model_copy(update={"games": 4})
    in_vain, *given = await play(trial, await trial.queue(policy=other, artifact=AGAIN))
    seed = (await trial.evaluation(first)).seed
    assert in_vain.seed != seed
    assert {each.seed for each in given} == {seed}
    longer = SHORT.model_copy(update={"games": 6})
    assert {each.seed for each in await play(trial, await trial.queue(policy=longer, artifact=AGAIN))} == {seed}


async def test_f20_the_canonical_weights_in_another_file_do_not_meet_themselves(trial: Trial) -> None:
    """Neither when they are seen for the first time, nor later; who asks to see their games sees those that are known."""
    first = await trial.queue(policy=SHORT)
    await play(trial, first)
    await trial.promoted(1, "0" * 64)
    for _ in range(2):
        again = await trial.queue(policy=SHORT, artifact=AGAIN)
        assert len(await play(trial, again)) == 1
        assert (await trial.evaluation(again)).previous is None
        assert await trial.games(again) == await trial.games(first)


async def test_f20_workers_that_play_it_meanwhile_are_told(trial: Trial) -> None:
    """The claims of all are over, and what they report counts for nothing."""
    await play(trial, await trial.queue(policy=SHORT))
    evaluation_id = await trial.queue(policy=SHORT.model_copy(update={"games": 200}), artifact=AGAIN)
    one, other = (work for work in await trial.claims(2) if work)
    assert not (await trial.work.report(one.claim_id, report(one, model=SAME, done=False))).alive
    assert not (await trial.work.report(other.claim_id, report(other, model=SAME))).alive
    assert await trial.games(evaluation_id) == []
    anew = await trial.claim()
    assert (anew.first, anew.seed) == (0, (await trial.evaluation(evaluation_id)).seed)
    assert (await trial.work.report(anew.claim_id, report(anew, model=SAME, games=played(anew)[:2], done=False))).alive


async def test_f20_two_at_once_have_one_seed(trial: Trial) -> None:
    """Whichever of two files is read first, the other one plays its games."""
    both = [await trial.queue(policy=SHORT, artifact=each) for each in (AGAIN, THIRD)]
    claims = {work.evaluation_id: work for work in await trial.claims(8) if work}
    await asyncio.gather(*(trial.work.report(claims[each].claim_id, report(claims[each], model=SAME)) for each in both))
    for each in both:
        await play(trial, each)
    one, other = [await trial.evaluation(each) for each in both]
    assert one.seed == other.seed


@pytest.mark.parametrize("fingerprint", [None, "e" * 64])
async def test_f20_other_weights_and_programs_are_models_of_their_own(trial: Trial, fingerprint: str | None) -> None:
    """A file without a fingerprint is known by its bytes, and no configuration knows another one's."""
    await play(trial, await trial.queue(policy=SHORT))
    other = await trial.queue(policy=SHORT, artifact=AGAIN)
    given = await trial.claim()
    said = report(given, model=MODEL.model_copy(update={"fingerprint": fingerprint}))
    await trial.work.report(given.claim_id, said)
    assert [each.index for each in await trial.games(other)] == [0, 1]
    square = await trial.queue(SQUARE8, SHORT, artifact=AGAIN)
    while (await trial.evaluation(other)).state is EvaluationState.RUNNING:
        work = await trial.claim()
        await trial.work.report(work.claim_id, report(work, model=SAME))
    assert len(await play(trial, square)) == 2
