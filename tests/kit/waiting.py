"""The one waiter of the tests: ask until the answer is true, and fail in time if it never is.

Nothing else in the tests sleeps. A question must be cheap, and change nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

Answer = TypeVar("Answer")
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.01, 1.2, 0.1
"""Seconds between two questions: longer and longer, because whoever is asked works for the answer."""
PATIENCE, LONGEST_SECONDS = 4.0, 240.0
"""Limits are given as for an idle machine: a loaded one may take so many times as long, but not longer than this."""


def _silent() -> str:
    return ""


def until(question: Callable[[], Answer], seconds: float = 30, explain: Callable[[], str] = _silent) -> Answer:
    """The first true answer. A test fails, with what `explain` says then, if there is none in time."""
    seconds = _patient(seconds)
    deadline, pauses = time.monotonic() + seconds, _pauses()
    while not (answer := question()):
        assert time.monotonic() < deadline, _failure(answer, seconds, explain)
        time.sleep(next(pauses))
    return answer


async def async_until(
    question: Callable[[], Awaitable[Answer]], seconds: float = 30, explain: Callable[[], str] = _silent
) -> Answer:
    """The same for a coroutine function, without holding up the event loop."""
    seconds = _patient(seconds)
    deadline, pauses = time.monotonic() + seconds, _pauses()
    while not (answer := await question()):
        assert time.monotonic() < deadline, _failure(answer, seconds, explain)
        await asyncio.sleep(next(pauses))
    return answer


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def _patient(seconds: float) -> float:
    return max(seconds, min(PATIENCE * seconds, LONGEST_SECONDS))


def _failure(answer: object, seconds: float, explain: Callable[[], str]) -> str:
    return f"it did not come to that in {seconds:g} s; the last answer was {answer!r}\n{explain()}"
