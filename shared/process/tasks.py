"""Background work of a service: loops that are restarted when they fail, and cancelled together at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from shared.process.logs import get_logger

BACKOFF_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
CANCEL_SECONDS = 0.5
_log = get_logger(__name__)
Loop = Callable[[], Awaitable[None]]


async def keep_running(name: str, loop: Loop) -> None:
    """Run `loop` for ever; when it fails, log why and start it again after a growing pause."""
    failures = 0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await loop()
        except Exception as error:
            _log.warning("loop failed", loop=name, error=repr(error), exc_info=not isinstance(error, OSError))
        lasted = asyncio.get_running_loop().time() - started
        failures = 0 if lasted > 30 else min(failures + 1, len(BACKOFF_SECONDS))
        await asyncio.sleep(BACKOFF_SECONDS[max(failures - 1, 0)])


@asynccontextmanager
async def background(loops: dict[str, Loop]) -> AsyncIterator[None]:
    """Keep the named loops running while the block lasts."""
    tasks = [asyncio.create_task(keep_running(name, loop), name=name) for name, loop in loops.items()]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    # again until they have ended: nats-py's fetch, and asyncio.wait_for before Python 3.12, can lose a cancellation
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_SECONDS)
