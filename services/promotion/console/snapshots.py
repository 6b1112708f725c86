"""Answers that many pages ask for at once: each is asked for once, and good for a moment. Pure, but for the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
MOST = 500
"""As many answers as are kept; the oldest is forgotten first."""


@dataclass
class Snapshots:
    """Keeps answers by name. An error is nobody's answer but theirs who waited for it."""

    _kept: dict[str, tuple[float, asyncio.Task[Any]]] = field(default_factory=dict)

    async def of(self, name: str, seconds: float, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer of that name, no older than so many seconds."""
        until, task = self._kept.get(name, (0.0, None))
        if task is None or (task.done() and (until < time.monotonic() or task.cancelled() or task.exception())):
            task = asyncio.create_task(_asked(ask))
            self._kept.pop(name, None)
            self._kept[name] = (time.monotonic() + seconds, task)
            if len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]
        answer: T = await asyncio.shield(task)
        return answer

    def forget(self) -> None:
        """Whoever has just changed something sees it."""
        self._kept.clear()


async def _asked(ask: Callable[[], Awaitable[T]]) -> T:
    return await ask()
