"""Who is played before whom, how many at once, how long, and whose deaths count; on a real database, also of several services."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.gauntlet.errors import ClaimOverError
from services.gauntlet.worker.work import Work, WorkFailure, WorkReport
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from tests.gauntlet.test_work import LONG, places, require_apart
from tests.gauntlet.trial import HEX8, SQUARE8, Trial, played, report, trial_on

DIED = WorkFailure(code="worker_lost", reason="code -9: its last words")
SHORT = GatePolicy(games=2)


@pytest.fixture
async def other(database_url: str, tmp_path: Path) -> AsyncIterator[Trial]:
    """Another service on the same database."""
    async with trial_on(database_url, tmp_path) as running:
        yield running


async def test_g06_two_services_never_hand_out_the_same_games(trial: Trial, other: Trial) -> None:
    """However many workers ask both at the same time; each evaluation is begun once."""
    for _ in range(3):
        await trial.queue(policy=LONG)
    found: list[Work | None] = []
    for _ in range(3):
        asked = (service.claims(2) for service in (trial, other) for _ in range(4))
        found += [work for works in await asyncio.gather(*asked) for work in works]
    require_apart(found)
    assert len([work for work in found if work]) > 10
    started = await trial.emitted()
    assert started == ["EVALUATION_STARTED"] * len({work.evaluation_id for work in found if work})


async def running(trial: Trial) -> dict[str, int]:
    """Evaluations that are played, by configuration."""
    rows = await trial.ask(
        "select configuration, count(*) from gauntlet.evaluations where state = 'running' group by 1"
    )
    return dict(rows)


@pytest.mark.parametrize("at_once", [1, 3])
async def test_f54_evaluations_run_side_by_side_up_to_so_many_of_a_configuration(
    trial: Trial, other: Trial, at_once: int
) -> None:
    """One configuration never waits for another, and however many ask of two services, no more than that are begun."""
    ids = [await trial.queue(HEX8, SHORT) for _ in range(5)] + [await trial.queue(SQUARE8, SHORT) for _ in range(2)]
    rules = [each.under(at_once=at_once) for each in (trial, other)]
    await asyncio.gather(*(trial.claims(4, service) for service in rules for _ in range(3)))
    await trial.claims(8, rules[0])
    assert await running(trial) == {"hex8_2p": min(at_once, 5), "square8_2p": min(at_once, 2)}
    begun = [each for each in ids if (await trial.evaluation(each)).state is EvaluationState.RUNNING]
    assert set(ids[:at_once]) <= set(begun)
    await trial.service.cancel(ids[0])
    assert ids[at_once] in {work.evaluation_id for work in await trial.claims(4, rules[0]) if work}


async def test_f63_a_short_evaluation_passes_a_long_one(trial: Trial) -> None:
    """Also one that is being played; but a long one that has waited for long is passed by nobody."""
    long = await trial.queue(policy=GatePolicy(games=9999))
    assert (await trial.claim()).evaluation_id == long
    short = await trial.queue(policy=SHORT)
    assert (await trial.claim()).evaluation_id == short
    await trial.queue(policy=SHORT)
    await trial.change(
        f"update gauntlet.evaluations set requested_at = requested_at - interval '11 minutes' where id = '{long}'"
    )
    assert (await trial.claim()).evaluation_id == long


async def test_f16_what_is_played_for_too_long_ends(trial: Trial) -> None:
    """With what was recorded and what to change; whoever plays it is told, and what is not begun or in time goes on."""
    late = await trial.queue(policy=LONG)
    work, waiting = await trial.claim(), await trial.queue(SQUARE8)
    await trial.work.report(work.claim_id, report(work, games=played(work)[:2], done=False))
    await trial.work.end_overdue()
    assert (await trial.evaluation(late)).state is EvaluationState.RUNNING
    await trial.change("update gauntlet.evaluations set started_at = started_at - interval '2 hours'")
    await trial.work.end_overdue()
    over = await trial.evaluation(late)
    assert (over.state, over.failure_code) == (EvaluationState.FAILED, "too_slow")
    assert "more than 3600 s, with 2 games recorded and 2 processor seconds" in (over.failure_reason or "")
    assert "RINGRIFT_GAUNTLET_EVALUATION_SECONDS" in (over.failure_reason or "")
    assert await trial.emitted() == ["EVALUATION_STARTED", "EVALUATION_FAILED"]
    assert (await trial.evaluation(waiting)).state is EvaluationState.QUEUED
    with pytest.raises(ClaimOverError):
        await trial.work.report(work.claim_id, WorkReport())


async def test_f11_only_a_death_that_is_reported_counts(trial: Trial) -> None:
    """Claims that run out, as when the service and its workers are killed, count against no model, however many."""
    evaluation_id = await trial.queue(policy=LONG)
    for _ in range(10):
        await trial.claim_that_runs_out()
    assert await attempts(trial, evaluation_id) == (EvaluationState.RUNNING, 0)
    work = await trial.claim()
    await trial.work.fail(work.claim_id, DIED)
    assert await attempts(trial, evaluation_id) == (EvaluationState.RUNNING, 1)
    work = await trial.claim()
    await trial.work.fail(work.claim_id, DIED)
    over = await trial.evaluation(evaluation_id)
    assert (over.state, over.failure_code, over.failure_reason) == (EvaluationState.FAILED, DIED.code, DIED.reason)
    assert await trial.emitted() == ["EVALUATION_STARTED", "EVALUATION_FAILED"]


async def attempts(trial: Trial, evaluation_id: UUID) -> tuple[EvaluationState, int]:
    """Its state, and how many workers died of it in a row."""
    found = await trial.evaluation(evaluation_id)
    return found.state, found.attempts


async def test_f11_a_death_counts_once_however_often_it_is_said(trial: Trial) -> None:
    """Its claim is over with the first word, and its games are another's at once."""
    evaluation_id = await trial.queue(policy=LONG)
    work = await trial.claim()
    said = await asyncio.gather(*(trial.work.fail(work.claim_id, DIED) for _ in range(6)), return_exceptions=True)
    assert Counter(map(type, said)) == {type(None): 1, ClaimOverError: 5}
    assert await attempts(trial, evaluation_id) == (EvaluationState.RUNNING, 1)
    assert places(await trial.claim()) == places(work)


async def test_f11_recorded_games_begin_the_count_of_deaths_anew(trial: Trial) -> None:
    """They prove that workers can play it."""
    evaluation_id = await trial.queue(policy=LONG)
    for _ in range(3):
        work = await trial.claim()
        await trial.work.report(work.claim_id, report(work, games=played(work)[:2], done=False))
        await trial.work.fail(work.claim_id, DIED)
        assert await attempts(trial, evaluation_id) == (EvaluationState.RUNNING, 1)


@pytest.mark.parametrize("code", ["model_invalid", "model_not_found", "too_slow", "internal"])
async def test_what_another_worker_could_not_do_either_ends_it(trial: Trial, code: str) -> None:
    """At once, with the code and the reason; all other claims are over."""
    evaluation_id = await trial.queue(policy=LONG)
    work, other = await trial.claims(2)
    assert work is not None
    assert other is not None
    await trial.work.fail(work.claim_id, WorkFailure(code=code, reason="as it is"))  # type: ignore[arg-type]
    over = await trial.evaluation(evaluation_id)
    assert (over.state, over.failure_code, over.failure_reason) == (EvaluationState.FAILED, code, "as it is")
    with pytest.raises(ClaimOverError):
        await trial.work.report(other.claim_id, report(other))
