"""What must not be left half done is done, whoever is cancelled meanwhile."""

import asyncio

import pytest

from shared.process.tasks import to_the_end


async def test_the_work_ends_before_the_cancellation_does() -> None:
    """Cancelled twice, the caller still waits, and is cancelled then."""
    may_end, steps = asyncio.Event(), list[str]()

    async def work() -> str:
        steps.append("begun")
        await may_end.wait()
        steps.append("ended")
        return "result"

    waiting = asyncio.create_task(to_the_end(work()))
    for _ in range(2):
        await asyncio.wait([waiting], timeout=0)
        waiting.cancel()
    await asyncio.wait([waiting], timeout=0)
    assert (steps, waiting.done()) == (["begun"], False)
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert steps == ["begun", "ended"]


async def test_what_came_of_the_work_is_passed_on() -> None:
    """A result as a result, a failure as a failure."""

    async def work(found: str) -> str:
        if not found:
            raise ValueError("nothing")
        return found

    assert await to_the_end(work("result")) == "result"
    with pytest.raises(ValueError, match="nothing"):
        await to_the_end(work(""))
