"""What crashed while an evaluation was played is kept with it: what was told, once, the first of it, and nothing that cannot be."""

from __future__ import annotations

import pytest

from play.schedule import plan_games
from services.gauntlet.errors import ReportRefusedError, UnknownError
from services.gauntlet.worker.crash import MOST_KEPT, MOST_STDERR, Crash
from services.gauntlet.worker.work import Work, WorkFailure, WorkReport
from shared.contract.policy import GatePolicy
from tests.gauntlet.conftest import Suite
from tests.gauntlet.test_evaluations import UNKNOWN
from tests.gauntlet.trial import Trial, report

LONG = GatePolicy(games=400)
CRASH = Crash(kind="game_errored", reason="candidate (network): the output is not finite", stderr="\x1b[31mfatal")


def in_game(work: Work, place: int = 0, crash: Crash = CRASH) -> Crash:
    """The same in a game of a claim."""
    assert work.opponent is not None
    return crash.at(plan_games(work.seed, work.opponent, work.first + work.games, work.num_players)[work.first + place])


async def kept(trial: Trial, work: Work) -> list[tuple[int, str, Crash]]:
    """The dossiers of an evaluation."""
    return [(each.number, each.worker, each.crash) for each in await trial.service.crashes(work.evaluation_id)]


async def test_a_dossier_is_kept_once_with_who_told_it(trial: Trial) -> None:
    """In a report, in the same report again, and in a failure; the next claim may tell the same."""
    await trial.queue(policy=LONG)
    work = await trial.claim()
    said = WorkReport(crash=in_game(work))
    for _ in range(2):
        assert (await trial.work.report(work.claim_id, said)).alive
    lost = Crash(kind="worker_lost", reason="code -9")
    await trial.work.fail(work.claim_id, WorkFailure(code="worker_lost", reason="code -9", crash=lost))
    assert await kept(trial, work) == [(1, "worker-0", in_game(work)), (2, "worker-0", lost)]
    again = await trial.claim()
    await trial.work.report(again.claim_id, WorkReport(crash=in_game(again)))
    assert len(await kept(trial, work)) == 3


async def test_it_is_there_after_the_evaluation_has_failed(trial: Trial) -> None:
    """With the report that fails it, too."""
    await trial.queue(policy=LONG)
    for _ in range(2):
        work = await trial.claim()
        failure = WorkFailure(code="worker_lost", reason="killed", crash=in_game(work))
        await trial.work.fail(work.claim_id, failure)
    assert (await trial.evaluation(work.evaluation_id)).failure_code == "worker_lost"
    assert [number for number, *_ in await kept(trial, work)] == [1, 2]


async def test_the_first_ones_are_kept(trial: Trial) -> None:
    """A model that crashes in every game fills no database."""
    await trial.queue(policy=LONG)
    work = await trial.claim()
    for place in range(MOST_KEPT + 3):
        await trial.work.report(work.claim_id, WorkReport(crash=in_game(work, place)))
    found = await kept(trial, work)
    assert [(number, crash.index) for number, _, crash in found] == [(place + 1, place) for place in range(MOST_KEPT)]


async def test_a_crash_in_a_game_of_others_is_refused(trial: Trial) -> None:
    """Nothing of the report is taken."""
    await trial.queue(policy=LONG)
    mine, others = await trial.claims(2)
    assert mine is not None
    assert others is not None
    with pytest.raises(ReportRefusedError, match="is not one of the claimed ones"):
        await trial.work.report(mine.claim_id, report(mine, crash=in_game(others), done=False))
    assert await kept(trial, mine) == []
    assert await trial.games(mine.evaluation_id) == []
    with pytest.raises(UnknownError):
        await trial.service.crashes(mine.claim_id)


@pytest.mark.parametrize("settings_changed", [{"gauntlet_workers": 0}])
async def test_they_are_told_and_read_over_http(suite: Suite) -> None:
    """As they were told; too long, or with what cannot be stored, is refused."""
    asked = await suite.ask(model_path=suite.add_demo_model(), games=8)
    wish = {"worker": "w", "wait_seconds": 60}
    work = Work.model_validate_json((await suite.client.post("/v1/work/claims", json=wish)).content)
    for stderr, status in (("x" * (MOST_STDERR + 1), 422), ("\0", 422), ("\x1b[31mfatal", 200)):
        said = {"crash": in_game(work).model_dump(mode="json") | {"stderr": stderr}}
        answer = await suite.client.put(f"/v1/work/claims/{work.claim_id}", json=said)
        assert answer.status_code == status, answer.text
    [crash] = (await suite.get(f"/v1/evaluations/{asked['id']}/crashes"))["items"]
    assert (crash["number"], crash["worker"], crash["stderr"]) == (1, "w", "\x1b[31mfatal")
    assert (crash["opponent"], crash["index"], crash["seed"]) == ("random", work.first, in_game(work).seed)
    assert (await suite.client.get(f"/v1/evaluations/{UNKNOWN}/crashes")).status_code == 404
