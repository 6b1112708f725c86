"""Background work of a service: loops that are restarted when they fail, and cancelled together at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog

BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
SETTLED_SECONDS = 35.0
"""A loop that has lasted so long works: longer than any connection or statement that hangs."""
CANCEL_SECONDS = 0.5
_log = get_logger(__name__)
Loop = Callable[[], Awaitable[None]]
T = TypeVar("T")


async def keep_running(name: str, loop: Loop) -> None:
    """Run `loop` for ever; when it fails, say why once, and start it again after a growing pause."""
    clock = asyncio.get_running_loop()
    said = RepeatedLog(_log, "loop", clock.time, loop=name)
    failures = 0
    while True:
        started = clock.time()
        settled = clock.call_later(SETTLED_SECONDS, said.worked, started)
        try:
            await loop()
        except Exception as error:
            said.failed(error)
        finally:
            settled.cancel()
        failures = 0 if clock.time() - started > SETTLED_SECONDS else min(failures + 1, len(BACKOFF_SECONDS))
        await asyncio.sleep(BACKOFF_SECONDS[max(failures - 1, 0)])


@asynccontextmanager
async def background(loops: dict[str, Loop]) -> AsyncIterator[None]:
    """Keep the named loops running while the block lasts."""
    tasks = [asyncio.create_task(keep_running(name, loop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        await _end(tasks)


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do what must not be left half done, such as ending a child process, however often the caller is cancelled meanwhile."""
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    found = task.result()
    if cancelled:
        raise asyncio.CancelledError
    return found


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    # again until they have ended: nats-py's fetch, and asyncio.wait_for before Python 3.12, can lose a cancellation
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_SECONDS)
