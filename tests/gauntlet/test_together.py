"""Questions that are answered in one go: each has its own answer, whatever becomes of the others who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from services.gauntlet.together import Together
from tests.gauntlet.test_dispatcher import settled
from tests.kit.virtual_time import in_virtual_time


@dataclass
class Slow:
    """Answers with ten times what was asked, as often as it may; not when there is `trouble`."""

    asked: list[Sequence[int]] = field(default_factory=list)
    trouble: Exception | None = None
    may: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def answer(self, questions: Sequence[int]) -> list[int]:
        self.asked.append(questions)
        await self.may.acquire()
        if self.trouble is not None:
            raise self.trouble
        return [10 * each for each in questions]


def asking(together: Together[int, int], *questions: int) -> list[asyncio.Task[int]]:
    """Those who ask, in this order."""
    return [asyncio.create_task(together.ask(each)) for each in questions]


@in_virtual_time
async def test_whoever_asks_meanwhile_is_answered_together() -> None:
    """In two goes, however many they are."""
    slow = Slow()
    tasks = asking(Together(slow.answer), *range(5))
    await settled()
    slow.may.release()
    slow.may.release()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40]
    assert slow.asked == [[0], [1, 2, 3, 4]]


@in_virtual_time
async def test_trouble_is_told_to_all_who_asked_and_to_nobody_later() -> None:
    """The next one is answered."""
    slow = Slow(trouble=OSError("away"))
    for _ in range(4):
        slow.may.release()
    together = Together(slow.answer)
    found = await asyncio.gather(*asking(together, 1, 2, 3), return_exceptions=True)
    assert [str(each) for each in found] == ["away"] * 3
    slow.trouble = None
    assert await together.ask(4) == 40


@in_virtual_time
@pytest.mark.parametrize("gone", [0, 1, 2])
async def test_who_goes_away_takes_nobodys_answer_along(gone: int) -> None:
    """Whether it was being answered, waited to ask for all, or waited with the others."""
    slow = Slow()
    tasks = asking(Together(slow.answer), *range(4))
    await settled()
    if gone > 0:
        slow.may.release()
        await asyncio.wait([tasks[0]])
        await settled()
    tasks[gone].cancel()
    for _ in tasks:
        slow.may.release()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [each for each in found if isinstance(each, int)] == [10 * each for each in range(4) if each != gone]
