"""The waiter itself: it ends with the first true answer, and fails with the last one."""

import pytest

from tests.kit.waiting import async_until, until


def test_the_first_true_answer_ends_the_wait() -> None:
    """What the question answers is handed on as soon as it is true."""
    answers = iter([0, "", None, "there", "later"])
    assert until(lambda: next(answers)) == "there"


async def test_a_coroutine_may_ask() -> None:
    """Waiting in the event loop asks a coroutine function until its answer is true."""
    answers = iter([None, 2])

    async def asked() -> int | None:
        return next(answers)

    assert await async_until(asked) == 2


async def test_a_wait_that_fails_says_what_it_saw() -> None:
    """When the time is up the failure has the last answer and the explanation."""

    async def nothing() -> None:
        return None

    with pytest.raises(AssertionError, match="(?s)last answer was \\[\\].*the log's end"):
        until(list, 0.0, lambda: "the log's end")
    with pytest.raises(AssertionError, match="last answer was None"):
        await async_until(nothing, 0.0)
