"""What is told of one claim, and in which pieces."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gauntlet.worker.crash import MOST_OF_A_CLAIM, Crash
from services.gauntlet.worker.reporter import MOST_BYTES, Costs, Reporter
from services.gauntlet.worker.work import TELLS_CRASHES, WorkFailure, WorkReport
from tests.gauntlet.fake_work import FakeSource, games, work
from tests.gauntlet.fakes import MODEL
from tests.kit.virtual_time import in_virtual_time

LENGTHS = st.lists(st.integers(0, MOST_BYTES), max_size=12)


@in_virtual_time
async def test_a_model_that_is_loaded_during_a_sign_of_life_is_told() -> None:
    """The answer to what was said before is none to it."""
    source = FakeSource(hold=asyncio.Event())
    reporter = Reporter(source, work(1))
    running = asyncio.create_task(reporter.run())
    await source.told.wait()
    reporter.loaded(MODEL, "full")
    assert source.hold is not None
    source.hold.set()
    reporter.done(Costs())
    await running
    assert [report.model for _, report in source.reports] == [None, MODEL]


@pytest.mark.parametrize("num_players", [2, 3, 4])
@settings(deadline=None)
@given(lengths=LENGTHS)
@in_virtual_time
async def test_f59_reports_fit_into_a_body_and_hold_whole_blocks(num_players: int, lengths: list[int]) -> None:
    """However much there is to tell at once, every game is told once, in order, and the costs with the last ones."""
    source, waiting = FakeSource(), games(num_players * len(lengths))
    for block, length in enumerate(lengths):
        for index in range(block * num_players, (block + 1) * num_players):
            waiting[index] = waiting[index].model_copy(update={"moves": "A" * (length // num_players)})
    reporter = Reporter(source, work(1, num_players=num_players))
    reporter.played(waiting)
    reporter.done(Costs(1.5))
    await reporter.run()
    told = [report for _, report in source.reports]
    assert source.games == waiting
    assert [report.cpu_seconds for report in told] == [0.0] * (len(told) - 1) + [1.5]
    for report in told:
        assert len(report.games) % num_players == 0
        assert len(report.model_dump_json()) < MOST_BYTES + 1000 or len(report.games) == num_players


@in_virtual_time
async def test_a_failure_is_told_after_the_games_and_ends_it() -> None:
    """Games that were played count, whatever became of the process."""
    source, failure = FakeSource(), WorkFailure(code="worker_lost", reason="code -9")
    reporter = Reporter(source, work(1))
    reporter.failed(failure)
    reporter.played(games(2))
    await reporter.run()
    assert [report for _, report in source.reports] == [WorkReport(games=games(2))]
    assert source.failures == [(work(1).claim_id, failure)]


@in_virtual_time
async def test_signs_of_life_are_empty() -> None:
    """They say nothing that was said before."""
    source = FakeSource()
    reporter = Reporter(source, work(1, report_seconds=10))
    running = asyncio.create_task(reporter.run())
    reporter.played(games(2))
    await asyncio.wait([running], timeout=35)
    assert [report for _, report in source.reports] == [WorkReport(games=games(2)), *[WorkReport()] * 14]
    running.cancel()


@in_virtual_time
async def test_crashes_are_told_one_at_a_time_before_the_end() -> None:
    """The first ones, each in a report of its own, the last one with what ends the claim."""
    found = [Crash(kind="game_errored", reason=str(number)) for number in range(MOST_OF_A_CLAIM + 2)]
    for failure in (None, WorkFailure(code="worker_lost", reason="code -9")):
        source = FakeSource()
        reporter = Reporter(source, work(1, protocol=TELLS_CRASHES))
        for each in found:
            reporter.crashed(each)
        reporter.played(games(2))
        if failure is None:
            reporter.done(Costs(1.5))
        else:
            reporter.failed(failure)
        await reporter.run()
        told = [report.crash for _, report in source.reports]
        told += [each.crash for _, each in source.failures]
        assert told == found[:MOST_OF_A_CLAIM]
        assert source.games == games(2)
        assert len(source.failures) == (failure is not None)


@in_virtual_time
async def test_a_lost_process_is_told_with_the_first_game_that_it_had_not_ended() -> None:
    """And with its last words; nothing is known of the moves."""
    source = FakeSource()
    reporter = Reporter(source, work(1, protocol=TELLS_CRASHES))
    reporter.played(games(2))
    reporter.lost("the worker ended with code -9", "Fatal Python error")
    await reporter.run()
    [(_, said)], [(_, failure)] = source.reports, source.failures
    crash = said.crash
    assert crash is not None
    assert (failure.code, crash.kind, crash.stderr) == ("worker_lost", "worker_lost", "Fatal Python error")
    assert (crash.opponent, crash.index, crash.seed, crash.moves) == ("random", 2, games(3)[2].seed, None)


@in_virtual_time
async def test_an_older_service_is_told_no_dossiers() -> None:
    """It would refuse the report."""
    source = FakeSource()
    reporter = Reporter(source, work(1, protocol=TELLS_CRASHES - 1))
    reporter.lost("code -9", "words")
    await reporter.run()
    assert [failure.crash for _, failure in source.failures] == [None]
