"""Games are claimed and reported on a real database: who plays what, what counts, and what every evaluation ends with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import combinations

import pytest

from services.gauntlet.errors import ClaimOverError, DifferentGameError, ReportRefusedError
from services.gauntlet.worker.work import CountedGames, Work, WorkReport, WorkWish
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState
from tests.gauntlet.trial import CLOSE, MODEL, SQUARE8, Trial, played, report

LONG = GatePolicy(games=200, random_win_rate=0.5, heuristic_win_rate=0.5)
MOST_TO_WIN = GatePolicy(games=200, random_win_rate=0.85)
"""Of which 36 games are handed out before anything is known, and 32 that are all lost decide."""


def places(work: Work | None) -> set[tuple[object, ...]]:
    """The games of a claim."""
    assert work is not None
    return {(work.evaluation_id, work.opponent, index) for index in range(work.first, work.first + work.games)}


def require_apart(found: Sequence[Work | None]) -> None:
    """No game is claimed twice."""
    assert all(not places(one) & places(other) for one, other in combinations(filter(None, found), 2))


async def test_an_evaluation_is_shared_out_among_many(trial: Trial) -> None:
    """Whole blocks from the first game on, none of them twice, and what it takes to play them."""
    evaluation_id = await trial.queue(policy=LONG)
    found = await trial.claims(5)
    require_apart(found)
    together = set().union(*map(places, found))
    assert together == {(evaluation_id, "random", index) for index in range(len(together))}
    assert all(work and work.games % 2 == 0 for work in found)
    assert found[0] is not None
    assert (found[0].gates, found[0].num_players, found[0].candidate.digest) == (LONG, 2, "0" * 64)
    assert (found[0].report_seconds, found[0].move_seconds, found[0].game_seconds) == (60, 60, 600)
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.RUNNING


async def test_without_work_there_is_none(trial: Trial) -> None:
    """Neither for one nor for many, nor for nobody."""
    assert await trial.claims(3) == [None, None, None]
    assert await trial.work.claim([]) == []


async def test_who_has_no_games_of_the_first_evaluation_has_some_of_the_next(trial: Trial) -> None:
    """In the order in which they were asked for; when there are none left, the last worker has none."""
    first, second = await trial.queue(), await trial.queue()
    found = await trial.claims(20)
    order = [work.evaluation_id for work in found if work]
    assert order[0] == first
    assert set(order) == {first, second}
    assert found[-1] is None
    require_apart(found)


async def test_g06_an_evaluation_is_played_to_its_end(trial: Trial) -> None:
    """What is reported is what counts, and its events are the two of its life."""
    evaluation_id = await trial.queue(policy=GatePolicy(games=2, random_win_rate=0.5, heuristic_win_rate=0.5))
    for opponent in ("random", "heuristic"):
        work = await trial.claim()
        assert (work.opponent, work.first, work.games) == (opponent, 0, 2)
        assert not (await trial.work.report(work.claim_id, report(work))).alive
    ended = await trial.evaluation(evaluation_id)
    assert (ended.state, ended.model, ended.confinement) == (EvaluationState.COMPLETED, MODEL, "full")
    assert ended.evidence is not None
    assert [(each.opponent, each.games, each.wins) for each in ended.evidence.opponents] == [
        ("random", 2, 2),
        ("heuristic", 2, 2),
    ]
    assert ended.evidence.cpu_seconds == 3.0
    assert await trial.emitted() == ["EVALUATION_STARTED", "EVALUATION_PROGRESS", "EVALUATION_COMPLETED"]
    assert await trial.ask("select count(*) from gauntlet.claims") == [(0,)]
    assert await trial.claims(1) == [None]


@pytest.mark.parametrize("seed", range(3))
async def test_however_many_play_the_evidence_is_that_of_one(trial: Trial, seed: int) -> None:
    """Claims of several workers end in any order, in pieces, twice or never; rows, counts and verdicts stay the same."""
    chance, policy = random.Random(seed), GatePolicy(games=40, random_win_rate=0.6, heuristic_win_rate=0.4)
    alone, shared = await trial.queue(policy=policy), await trial.queue(policy=policy)
    while (await trial.evaluation(alone)).state is not EvaluationState.COMPLETED:
        work = next(each for each in await trial.claims(8) if each and each.evaluation_id == alone)
        await trial.work.report(work.claim_id, scored(work, work.first, work.games))
        await trial.change("delete from gauntlet.claims")
    held: list[Work] = []
    while (await trial.evaluation(shared)).state is not EvaluationState.COMPLETED:
        held += [each for each in await trial.claims(chance.randint(0, 2)) if each]
        if held:
            await say_some(trial, held, chance)
    one, many = await trial.evaluation(alone), await trial.evaluation(shared)
    assert one.evidence is not None
    assert many.evidence is not None
    assert one.evidence.opponents == many.evidence.opponents
    assert await trial.games(alone) == await trial.games(shared)


async def say_some(trial: Trial, held: list[Work], chance: random.Random) -> None:
    """A worker reports some blocks, gives up, or says the same again."""
    work = held[chance.randrange(len(held))]
    blocks = chance.randint(1, work.games // 2)
    first = work.first + 2 * chance.randint(0, work.games // 2 - blocks)
    said = scored(work, first, 2 * blocks).model_copy(update={"done": chance.random() < 0.3})
    try:
        for _ in range(chance.randint(1, 2)):
            answer = await trial.work.report(work.claim_id, said)
            if not answer.alive:
                held.remove(work)
                return
    except ClaimOverError:
        held.remove(work)


def scored(work: Work, first: int, games: int) -> WorkReport:
    """Games whose scores depend on their places alone."""
    blocks = [played(work, units=start // 2 % 3, first=start, games=2) for start in range(first, first + games, 2)]
    return WorkReport(model=MODEL, games=[game for block in blocks for game in block], done=True)


async def test_the_same_report_twice_changes_nothing(trial: Trial) -> None:
    """Neither the games, nor what they cost, nor the evaluation."""
    evaluation_id = await trial.queue(policy=LONG)
    work = await trial.claim()
    said = report(work, games=played(work)[:4], done=False)
    assert (await trial.work.report(work.claim_id, said)).alive
    once = await trial.evaluation(evaluation_id), await trial.games(evaluation_id)
    assert (await trial.work.report(work.claim_id, said)).alive
    assert (await trial.evaluation(evaluation_id), await trial.games(evaluation_id)) == once
    assert once[0].cost.cpu_seconds == 1.5


async def test_a_game_that_was_played_otherwise_is_refused_and_kept_for_auditors(trial: Trial) -> None:
    """The first one stands, nothing else of the report is taken, the claim is over, and who said it is known."""
    evaluation_id = await trial.queue(policy=LONG)
    work = await trial.claim()
    await trial.work.report(work.claim_id, report(work, games=played(work)[:2], done=False))
    before = await trial.evaluation(evaluation_id)
    with pytest.raises(DifferentGameError, match="game 0 against random was recorded already"):
        await trial.work.report(work.claim_id, report(work, units=0))
    assert await trial.games(evaluation_id) == played(work)[:2]
    assert await trial.evaluation(evaluation_id) == before
    rows = await trial.ask(
        "select evaluation_id, opponent, index, worker, reported ->> 'outcome' from gauntlet.disputes"
    )
    assert rows == [(evaluation_id, "random", index, "worker-0", "loss") for index in (0, 1)]
    with pytest.raises(ClaimOverError):
        await trial.work.report(work.claim_id, WorkReport())


async def test_games_of_another_claim_or_evaluation_are_refused(trial: Trial) -> None:
    """Nothing of the report is taken, and the claim goes on."""
    evaluation_id = await trial.queue(policy=LONG)
    mine, neighbours = await trial.claims(2)
    assert mine is not None
    assert neighbours is not None
    await trial.queue(SQUARE8)
    foreign = next(work for work in await trial.claims(9) if work and work.board_type == "square8")
    for games in (played(foreign), played(neighbours), [*played(mine), *played(neighbours)]):
        with pytest.raises(ReportRefusedError, match="is not (as it was planned|one of the claimed ones)"):
            await trial.work.report(mine.claim_id, report(mine, games=games))
    assert await trial.games(evaluation_id) == []
    assert (await trial.work.report(mine.claim_id, WorkReport())).alive


async def test_what_was_played_in_vain_is_dropped_when_the_gate_is_decided(trial: Trial) -> None:
    """Rows are those that count; the surplus is counted, and whoever still plays it is told to stop."""
    evaluation_id = await trial.queue(policy=MOST_TO_WIN)
    first, second, third = [await trial.claim(games=games) for games in (32, 2, 2)]
    await trial.work.report(second.claim_id, report(second, done=False))
    assert not (await trial.work.report(first.claim_id, report(first, units=0, surplus_games=5))).alive
    ended = await trial.evaluation(evaluation_id)
    assert ended.state is EvaluationState.COMPLETED
    counting = len(await trial.games(evaluation_id))
    assert counting == 32
    assert ended.cost.surplus_games == 5 + first.games + second.games - counting
    with pytest.raises(ClaimOverError):
        await trial.work.report(third.claim_id, report(third))


async def test_when_a_gate_is_passed_the_next_opponent_is_met_by_all(trial: Trial) -> None:
    """Claims against the one before are over, and what is known to count is said where it helps."""
    await trial.queue(policy=CLOSE)
    work = await trial.claim(games=8)
    assert work.counted == CountedGames(histogram=[0, 0, 0], unscored=0)
    other = await trial.claim(games=2)
    assert other.counted is None
    answer = await trial.work.report(work.claim_id, report(work, games=played(work, first=0, games=8), done=False))
    assert not answer.alive
    assert not (await trial.work.report(other.claim_id, WorkReport())).alive
    assert (await trial.claim()).opponent == "heuristic"


async def test_the_version_that_is_met_is_fixed_with_the_first_claim(trial: Trial) -> None:
    """A promotion in the middle of the games changes nothing."""
    await trial.queue(policy=CLOSE)
    await trial.promoted(1, "1" * 64)
    first = await trial.claim(games=2)
    await trial.promoted(2, "2" * 64)
    second = await trial.claim(games=2)
    assert [work.previous and work.previous.digest for work in (first, second)] == ["1" * 64] * 2
    assert first.previous is not None
    assert first.previous.name == "canonical version 1"


async def test_without_games_one_worker_loads_the_model(trial: Trial) -> None:
    """Another one is given nothing meanwhile, and the evaluation ends when the model is loaded and that is done."""
    evaluation_id = await trial.queue(policy=GatePolicy(skip_games=True))
    work = await trial.claim()
    assert (work.opponent, work.games, work.counted) == (None, 0, None)
    assert await trial.claims(2) == [None, None]
    assert (await trial.work.report(work.claim_id, report(work, done=False))).alive
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.RUNNING
    await trial.work.report(work.claim_id, report(work))
    ended = await trial.evaluation(evaluation_id)
    assert (ended.state, ended.model) == (EvaluationState.COMPLETED, MODEL)


async def test_without_a_word_of_the_model_it_is_loaded_once_more(trial: Trial) -> None:
    """Games alone are no evidence of what was played."""
    evaluation_id = await trial.queue(policy=GatePolicy(games=2, random_win_rate=1.0))
    work = await trial.claim()
    await trial.work.report(work.claim_id, report(work, units=0, model=None))
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.RUNNING
    again = await trial.claim()
    assert again.opponent is None
    await trial.work.report(again.claim_id, report(again))
    assert (await trial.evaluation(evaluation_id)).state is EvaluationState.COMPLETED


async def test_a_worker_asks_for_as_many_games_as_it_wants(trial: Trial) -> None:
    """A slow one may take a block at a time."""
    await trial.queue(policy=LONG)
    [work] = await trial.work.claim([WorkWish(worker="slow", games=1)])
    assert work is not None
    assert work.games == 2
