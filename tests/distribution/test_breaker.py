"""The circuit breaker of one node."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.distribution.breaker import Breaker, BreakerMemory, BreakerOpenError, BreakerPolicy, Permit
from shared.contract.words import BreakerState

START = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = BreakerPolicy(failures=3, first_pause=4, longest_pause=30)
STEPS = st.lists(st.tuples(st.sampled_from(["take", "succeed", "fail", "return"]), st.floats(0, 60)), max_size=60)


def tripped() -> Breaker:
    """A breaker that has just opened."""
    breaker = Breaker(POLICY)
    for _ in range(POLICY.failures):
        with breaker.permit(START) as permit:
            permit.fail(START, "connection refused")
    assert breaker.memory.state is BreakerState.OPEN
    return breaker


def take(breaker: Breaker, now: datetime) -> Permit | None:
    """A permit, None if there is none now."""
    try:
        return breaker.permit(now)
    except BreakerOpenError:
        return None


@given(STEPS)
def test_g13_half_open_is_always_reached_in_bounded_time(steps: list[tuple[str, float]]) -> None:
    """Whatever happened before: once every permit is back, the longest pause later there is a permit."""
    breaker, now, held = Breaker(POLICY), START, []
    for step, seconds in steps:
        now += timedelta(seconds=seconds)
        if step == "take":
            permit = take(breaker, now)
            held += [permit] if permit else []
        elif held:
            permit = held.pop()
            with permit:
                if step == "succeed":
                    permit.succeed()
                elif step == "fail":
                    permit.fail(now, "broken")
    for permit in held:
        breaker.release(permit)
    assert take(breaker, now + timedelta(seconds=POLICY.longest_pause)) is not None


@given(st.floats(0, 1e7))
def test_f14_a_clock_that_is_set_back_keeps_no_breaker_open(seconds: float) -> None:
    """However far it is set back, there is a permit at once, or the longest pause later."""
    breaker, now = tripped(), START - timedelta(seconds=seconds)
    assert take(breaker, now) or take(breaker, now + timedelta(seconds=POLICY.longest_pause))


def test_f14_a_breaker_of_another_clock_is_not_open() -> None:
    """An earlier process left it open for an hour that this clock has yet to see."""
    memory = replace(tripped().memory, retry_at=START + timedelta(hours=1))
    assert take(Breaker(POLICY, memory), START) is not None


@given(STEPS)
def test_g13_there_is_at_most_one_probe(steps: list[tuple[str, float]]) -> None:
    """A breaker that is half-open lets one caller through, and nobody else until that one is back."""
    breaker, now = tripped(), START
    for _, seconds in steps:
        now += timedelta(seconds=seconds)
        permit = take(breaker, now)
        if permit is not None:
            assert breaker.memory.state is BreakerState.HALF_OPEN
            assert take(breaker, now) is None
            with permit:
                permit.fail(now, "still broken")


async def test_g13_a_cancelled_probe_returns_its_permit() -> None:
    """Cancellation gives the slot back, and does not count against the node."""
    breaker, later = tripped(), START + timedelta(seconds=10)

    async def probe() -> None:
        with breaker.permit(later):
            await asyncio.Event().wait()

    task = asyncio.create_task(probe())
    await asyncio.sleep(0)
    assert take(breaker, later) is None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert breaker.memory.state is BreakerState.HALF_OPEN
    assert take(breaker, later) is not None


def test_g13_what_is_not_reported_as_failure_does_not_count() -> None:
    """A thousand visits that ended without a verdict leave the breaker closed."""
    breaker = Breaker(POLICY)
    for _ in range(1000):
        with pytest.raises(ZeroDivisionError), breaker.permit(START):
            raise ZeroDivisionError
    assert breaker.memory.state is BreakerState.CLOSED


def test_a_late_failure_does_not_reopen_it() -> None:
    """A visit from before the breaker closed again says nothing of the node as it is now."""
    breaker = Breaker(POLICY)
    late = breaker.permit(START)
    for _ in range(POLICY.failures):
        breaker.permit(START).fail(START, "down")
    later = START + timedelta(seconds=5)
    with breaker.permit(later) as probe:
        probe.succeed()
    late.fail(later, "an old story")
    assert breaker.memory.state is BreakerState.CLOSED
    assert breaker.memory.failures == 0


def test_it_opens_at_the_third_failure_among_the_last_ten_calls() -> None:
    """Successes in between do not hide them, and ten of these do; what is remembered says when, how often and why."""
    breaker = Breaker(POLICY)
    for error in ("first", "second"):
        breaker.permit(START).fail(START, error)
    breaker.permit(START).succeed()
    assert breaker.memory == BreakerMemory(failures=2, last_error="second", recent="FF.")
    for _ in range(9):
        breaker.permit(START).succeed()
    assert breaker.memory == BreakerMemory()
    for error in ("first", "second"):
        breaker.permit(START).fail(START, error)
        breaker.permit(START).succeed()
    breaker.permit(START).fail(START, "third")
    retry_at = START + timedelta(seconds=4)
    assert breaker.memory == BreakerMemory(BreakerState.OPEN, 3, 1, START, retry_at, "third")


def test_at_rest_nothing_changes() -> None:
    """However often a node answers, what is remembered of it is the same."""
    breaker = Breaker(POLICY)
    for _ in range(100):
        breaker.permit(START).succeed()
    assert breaker.memory == BreakerMemory()


@given(st.integers(1, 1000), st.floats(0, 1))
def test_g13_pauses_differ_by_chance_and_have_a_cap(trips: int, chance: float) -> None:
    """By up to a fifth, around what they are on the whole, and never beyond the longest."""
    usual = min(4 * 2.0 ** min(trips - 1, 30), 30)
    pause = replace(POLICY, chance=lambda: chance).pause(trips).total_seconds()
    assert 0.79 * usual <= pause <= min(1.21 * usual, 30)


def test_a_failed_probe_opens_it_for_longer() -> None:
    """One failure is enough then, and the trips in a row are counted."""
    breaker, later = tripped(), START + timedelta(seconds=4)
    with breaker.permit(later) as probe:
        assert breaker.memory.state is BreakerState.HALF_OPEN
        assert (breaker.memory.retry_at, breaker.memory.trips) == (None, 1)
        probe.fail(later, "still down")
    retry_at = later + timedelta(seconds=8)
    assert breaker.memory == BreakerMemory(BreakerState.OPEN, 4, 2, later, retry_at, "still down")


def test_it_says_until_when_and_why_there_is_no_permit() -> None:
    """Open to the last moment of the pause, and half-open while the probe is on its way."""
    breaker = tripped()
    until = START + timedelta(seconds=4)
    words = f"the breaker is open until {until.isoformat()}: connection refused"
    with pytest.raises(BreakerOpenError, match=f"^{re.escape(words)}"):
        breaker.permit(until - timedelta(microseconds=1))
    breaker.permit(until)
    with pytest.raises(BreakerOpenError, match="^the breaker is half-open and its one probe is on its way"):
        breaker.permit(until)


def test_callers_that_are_under_way_together_all_count() -> None:
    """Three at once that fail open it, as three in a row do."""
    breaker = Breaker(POLICY)
    for permit in [breaker.permit(START) for _ in range(POLICY.failures)]:
        permit.fail(START, "down")
    assert breaker.memory.state is BreakerState.OPEN


def test_one_failure_of_a_probe_opens_it_whatever_was_counted() -> None:
    """Even one that was remembered with fewer failures than open a closed breaker."""
    breaker = Breaker(POLICY, BreakerMemory(BreakerState.HALF_OPEN, failures=0, trips=1))
    breaker.permit(START).fail(START, "down")
    assert breaker.memory.state is BreakerState.OPEN


def test_half_open_on_request() -> None:
    """An open breaker lets the next caller probe before its pause is over; a closed one, and a probe on its way, stay."""
    breaker = tripped()
    breaker.half_open()
    assert breaker.memory == replace(tripped().memory, state=BreakerState.HALF_OPEN, retry_at=None)
    probe = take(breaker, START)
    assert probe is not None
    breaker.half_open()
    assert take(breaker, START) is None
    closed = Breaker(POLICY)
    closed.half_open()
    assert closed.memory == BreakerMemory()


def test_what_was_remembered_goes_on() -> None:
    """A process that ended in the middle of a probe or a pause is followed by one that keeps to it."""
    memory = tripped().memory
    breaker = Breaker(POLICY, memory)
    assert take(breaker, START) is None
    half_open = Breaker(POLICY, replace(memory, state=BreakerState.HALF_OPEN, retry_at=None))
    assert take(half_open, START) is not None
    assert take(half_open, START) is None


def test_only_the_probe_itself_gives_its_slot_back() -> None:
    """A permit from before, returned late, frees nothing."""
    breaker = Breaker(POLICY)
    early = breaker.permit(START)
    for _ in range(POLICY.failures):
        breaker.permit(START).fail(START, "down")
    later = START + timedelta(seconds=4)
    assert take(breaker, later) is not None
    with early:
        pass
    assert take(breaker, later) is None


def test_a_late_success_does_not_close_it() -> None:
    """A visit from before the breaker opened says nothing of the node as it is now; nor does a probe from before that."""
    breaker = Breaker(POLICY)
    early = breaker.permit(START)
    for _ in range(POLICY.failures):
        breaker.permit(START).fail(START, "down")
    early.succeed()
    assert take(breaker, START) is None
    later = START + timedelta(seconds=4)
    first = breaker.permit(later)
    first.fail(later, "down")
    again = later + timedelta(seconds=8)
    assert take(breaker, again) is not None
    first.succeed()
    early.succeed()
    assert breaker.memory.state is BreakerState.HALF_OPEN
    assert take(breaker, again) is None


def test_the_pause_doubles_up_to_its_cap() -> None:
    """4, 8, 16, 30, 30 seconds."""
    assert [POLICY.pause(trips).total_seconds() for trips in (1, 2, 3, 4, 500)] == [4, 8, 16, 30, 30]
