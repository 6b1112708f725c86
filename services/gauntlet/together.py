"""Many questions are answered in one go: whoever asks while others are answered is answered with all who do. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Together(Generic[Asked, Answer]):
    """`answer`: gives the answers to some questions, in their order; whatever it raises, all who asked these have."""

    def __init__(self, answer: Callable[[Sequence[Asked]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._answering = asyncio.Lock()

    async def ask(self, asked: Asked) -> Answer:
        """The answer to one question."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, future))
        try:
            async with self._answering:
                if not future.done():
                    await self._answer_all()
            return future.result()
        finally:
            future.cancel()

    async def _answer_all(self) -> None:
        asking, self._waiting = [each for each in self._waiting if not each[1].done()], []
        try:
            answers = await self._answer([asked for asked, _ in asking])
        except Exception as error:
            for _, future in asking:
                if not future.done():
                    future.set_exception(error)
            return
        except BaseException:  # whoever asked for all of them has gone; the next one does
            self._waiting = [*asking, *self._waiting]
            raise
        for (_, future), answer in zip(asking, answers, strict=True):
            if not future.done():
                future.set_result(answer)
