"""The workers that wait, between fakes: served in one go, first come, first served; nothing is left with those who went away."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gauntlet.dispatcher import Dispatcher
from services.gauntlet.errors import ClaimOverError
from services.gauntlet.worker.work import Work, WorkFailure, WorkReport, WorkWish
from tests.gauntlet.fake_work import FakeRecords, work
from tests.kit.virtual_time import in_virtual_time


def wish(number: int = 0, seconds: float = 20) -> WorkWish:
    """A worker's, which waits so long."""
    return WorkWish(worker=f"worker-{number}", wait_seconds=seconds)


def coming(dispatcher: Dispatcher, *workers: int) -> list[asyncio.Task[Work | None]]:
    """Workers that ask for work, in this order."""
    return [asyncio.create_task(dispatcher.claim(wish(number))) for number in workers]


async def settled() -> None:
    """All that can be done now is done."""
    for _ in range(10):
        await asyncio.sleep(0)


@in_virtual_time
async def test_who_comes_when_there_is_work_has_it_at_once() -> None:
    """Also a worker that would not wait."""
    records = FakeRecords([work(1)])
    dispatcher = Dispatcher(records)
    assert await dispatcher.claim(wish(seconds=0)) == work(1)
    assert await dispatcher.claim(wish(seconds=0)) is None
    assert (records.questions, dispatcher.waiting_workers) == ([1, 1], 0)


@in_virtual_time
async def test_many_waiters_are_served_in_one_go() -> None:
    """Those who come while the first question is being answered are asked for together, with the next one."""
    records = FakeRecords([work(number) for number in range(8)], hold=asyncio.Event())
    dispatcher = Dispatcher(records)
    tasks = coming(dispatcher, *range(8))
    await records.asked.wait()
    await settled()
    assert records.hold is not None
    records.hold.set()
    assert await asyncio.gather(*tasks) == [work(number) for number in range(8)]
    assert records.questions == [1, 7]


@in_virtual_time
async def test_what_there_is_not_is_asked_for_once() -> None:
    """Workers that come together wait together for what one of them was not given."""
    records = FakeRecords(hold=asyncio.Event())
    tasks = coming(Dispatcher(records), *range(8))
    await records.asked.wait()
    await settled()
    assert records.hold is not None
    records.hold.set()
    assert await asyncio.gather(*tasks) == [None] * 8
    assert records.questions == [1]


@in_virtual_time
async def test_who_waits_is_served_when_there_is_work_and_in_its_turn() -> None:
    """The one that has waited longest has the first piece; the others wait on."""
    records = FakeRecords()
    dispatcher = Dispatcher(records)
    running = asyncio.create_task(dispatcher.run())
    first, second, third = coming(dispatcher, 1, 2, 3)
    await settled()
    assert dispatcher.waiting_workers == 3
    records.ready = [work(1), work(2)]
    records.changed.set()
    assert [await first, await second] == [work(1), work(2)]
    assert not third.done()
    records.ready = [work(3)]
    records.changed.set()
    assert await third == work(3)
    running.cancel()


@in_virtual_time
async def test_who_has_waited_long_enough_is_told_so_and_forgotten() -> None:
    """Nothing is claimed for a worker that has had its answer."""
    records = FakeRecords()
    dispatcher = Dispatcher(records)
    started = asyncio.get_running_loop().time()
    assert await dispatcher.claim(wish(seconds=20)) is None
    assert asyncio.get_running_loop().time() - started == pytest.approx(20)
    running = asyncio.create_task(dispatcher.run())
    records.ready = [work(1)]
    records.changed.set()
    await settled()
    assert (records.ready, dispatcher.waiting_workers) == ([work(1)], 0)
    running.cancel()


@in_virtual_time
async def test_work_for_a_worker_that_went_away_is_given_back() -> None:
    """Whether it goes while it is asked for, or just when it has been served."""
    records = FakeRecords(hold=asyncio.Event())
    dispatcher = Dispatcher(records)
    assert records.hold is not None
    records.hold.set()
    [gone] = coming(dispatcher, 1)
    await settled()
    records.ready, records.hold = [work(1)], asyncio.Event()
    records.asked.clear()
    running = asyncio.create_task(dispatcher.run())
    await records.asked.wait()
    gone.cancel()
    await settled()
    records.hold.set()
    await settled()
    assert records.given_back == [UUID(int=1)]
    [served] = coming(dispatcher, 2)
    await settled()
    records.ready = [work(2)]
    records.asked.clear()
    records.changed.set()
    await records.asked.wait()
    served.cancel()
    await asyncio.wait([served])
    assert served.cancelled()
    assert records.given_back == [UUID(int=1), UUID(int=2)]
    running.cancel()


@in_virtual_time
async def test_trouble_is_told_to_who_asked_and_the_next_one_is_served() -> None:
    """The database may be away for one question."""
    records = FakeRecords([work(1)], trouble=OSError("away"))
    dispatcher = Dispatcher(records)
    with pytest.raises(OSError, match="away"):
        await dispatcher.claim(wish(1))
    assert dispatcher.waiting_workers == 0
    records.trouble = None
    assert await dispatcher.claim(wish(2)) == work(1)


@in_virtual_time
async def test_what_comes_of_work_goes_to_the_records() -> None:
    """Reports, failures, and what is given back."""
    records = FakeRecords()
    dispatcher = Dispatcher(records)
    failure = WorkFailure(code="internal", reason="out of order")
    answer = await dispatcher.report(UUID(int=1), WorkReport(done=True))
    await dispatcher.fail(UUID(int=2), failure)
    await dispatcher.give_back(UUID(int=3))
    assert answer.alive
    assert records.said == [(UUID(int=1), WorkReport(done=True)), (UUID(int=2), failure)]
    assert records.given_back == [UUID(int=3)]


@in_virtual_time
async def test_signs_of_life_are_kept_together() -> None:
    """Those that come while others are kept go with the next ones; who has no claim any more is told so, and nobody else."""
    records = FakeRecords(gone=[UUID(int=2)], hold=asyncio.Event())
    dispatcher = Dispatcher(records)
    assert records.hold is not None
    told = [asyncio.create_task(dispatcher.report(UUID(int=number), WorkReport())) for number in range(4)]
    await settled()
    records.hold.set()
    answers = await asyncio.gather(*told, return_exceptions=True)
    assert records.kept == [[UUID(int=0)], [UUID(int=number) for number in (1, 2, 3)]]
    assert [isinstance(each, ClaimOverError) for each in answers] == [False, False, True, False]


@in_virtual_time
async def test_who_may_wait_is_not_asked_for_where_there_was_nothing() -> None:
    """Until something may have changed, or a report came, which is looked at soon; who does not wait is asked for at once."""
    records = FakeRecords()
    dispatcher = Dispatcher(records)
    following = asyncio.create_task(dispatcher.follow_reports())
    first, second = coming(dispatcher, 1, 2)
    await settled()
    assert records.questions == [1]
    assert await dispatcher.claim(wish(3, seconds=0)) is None
    assert records.questions == [1, 3]
    records.ready = [work(1), work(2)]
    await dispatcher.report(UUID(int=1), WorkReport(done=True))
    assert [await first, await second] == [work(1), work(2)]
    assert records.questions == [1, 3, 2]
    following.cancel()


@in_virtual_time
async def test_f16_what_takes_too_long_is_looked_for_again_and_again() -> None:
    """As long as the service runs."""
    records = FakeRecords()
    looking = asyncio.create_task(Dispatcher(records).end_overdue())
    await asyncio.wait([looking], timeout=5.5)
    assert records.sweeps == 6
    looking.cancel()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["comes", "goes", "work", "time passes"]), st.integers(0, 9)), max_size=40))
@in_virtual_time
async def test_no_work_is_lost_between_those_who_wait(happens: list[tuple[str, int]]) -> None:
    """Workers come and go, work comes, in any order: each piece is with one worker, given back, or still there, and never twice."""
    records, pieces = FakeRecords(), 0
    dispatcher = Dispatcher(records)
    running = asyncio.create_task(dispatcher.run())
    tasks: list[asyncio.Task[Work | None]] = []
    for what, number in happens:
        if what == "comes":
            tasks += coming(dispatcher, number)
        elif what == "goes" and tasks:
            tasks[number % len(tasks)].cancel()
        elif what == "work":
            records.ready.append(work(pieces := pieces + 1))
            records.changed.set()
        else:
            await asyncio.sleep(0)
    await settled()
    running.cancel()
    await asyncio.wait([running, *tasks])
    had = [got.claim_id for each in tasks if not each.cancelled() and (got := each.result()) is not None]
    known = [*had, *records.given_back, *(each.claim_id for each in records.ready)]
    assert sorted(known) == [UUID(int=number) for number in range(1, pieces + 1)]
    assert dispatcher.waiting_workers == 0
