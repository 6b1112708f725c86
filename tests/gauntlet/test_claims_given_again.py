"""What is claimed by a worker that dies, falls silent, gives up or is late: others play it, and it is not lost or counted twice."""

from __future__ import annotations

from services.gauntlet.cost import Cost
from services.gauntlet.worker.work import WorkReport, WorkWish
from shared.contract.policy import GatePolicy
from tests.gauntlet.test_work import places
from tests.gauntlet.trial import Trial, played, report


async def test_g06_a_silent_workers_games_are_given_to_another(trial: Trial) -> None:
    """When its claim has run out, and not before; a sign of life keeps it, and is no change that anybody is told of."""
    evaluation_id = await trial.queue()
    silent = await trial.claim_that_runs_out()
    revision = (await trial.evaluation(evaluation_id)).revision
    again = await trial.claim()
    assert places(again) == places(silent)
    assert again.claim_id != silent.claim_id
    await trial.change("update gauntlet.claims set until = clock_timestamp()")
    assert (await trial.work.report(again.claim_id, WorkReport())).alive
    assert not any(work and places(work) & places(again) for work in await trial.claims(3))
    assert (await trial.evaluation(evaluation_id)).revision == revision


async def test_g06_what_a_silent_worker_still_reports_is_taken(trial: Trial) -> None:
    """A game is the same whoever plays it: the other one's report of it changes nothing."""
    evaluation_id = await trial.queue(policy=GatePolicy(games=8, random_win_rate=1.0))
    silent = await trial.claim_that_runs_out()
    other = await trial.claim()
    some = report(silent, games=played(silent)[:2], done=False)
    assert (await trial.work.report(silent.claim_id, some)).alive
    assert await trial.games(evaluation_id) == played(silent)[:2]
    assert (await trial.work.report(other.claim_id, report(other, games=played(other)[:2], done=False))).alive
    assert await trial.games(evaluation_id) == played(silent)[:2]
    assert (await trial.evaluation(evaluation_id)).cost == Cost(3.0, 2.0), "both have played it"


async def test_f14_a_claim_of_another_clock_is_given_to_another(trial: Trial) -> None:
    """The database's clock was set back an hour: what a dead worker holds is free, what a living one holds is not."""
    await trial.queue()
    held = await trial.claim()
    await trial.change("update gauntlet.claims set until = until + interval '1 hour'")
    again = await trial.claim()
    assert places(again) == places(held)
    assert await trial.claims(1) == [None]


async def test_what_is_given_back_is_free_at_once(trial: Trial) -> None:
    """And may be given back twice."""
    await trial.queue()
    work = await trial.claim()
    await trial.work.give_back(work.claim_id)
    await trial.work.give_back(work.claim_id)
    assert places(await trial.claim()) == places(work)


async def test_what_everybody_waits_for_is_given_once_more_when_it_is_late(trial: Trial) -> None:
    """To one other worker; whichever ends first counts."""
    evaluation_id = await trial.queue(policy=GatePolicy(games=2, random_win_rate=0.5))
    late = await trial.claim()
    [none] = await trial.work.claim([WorkWish(worker="other")])
    assert none is None
    await trial.change("update gauntlet.claims set issued_at = issued_at - interval '1 hour'")
    assert await trial.claims(1) == [None]
    [again] = await trial.work.claim([WorkWish(worker="other")])
    assert places(again) == places(late)
    assert again is not None
    await trial.change("update gauntlet.claims set issued_at = issued_at - interval '1 hour'")
    [none] = await trial.work.claim([WorkWish(worker="third")])
    assert none is None
    await trial.work.report(again.claim_id, report(again))
    assert len(await trial.games(evaluation_id)) == 2
    assert not (await trial.work.report(late.claim_id, report(late))).alive
    assert len(await trial.games(evaluation_id)) == 2
