"""An event loop whose clock jumps to whatever is due next, so that minutes of waiting take no time.

For code that waits for time and for other coroutines of the same loop; not for threads, sockets or processes.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec

START = datetime(2026, 1, 1, tzinfo=UTC)
P = ParamSpec("P")


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: the time that it was to wait is over at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("every coroutine waits for another, so no time would end it")
        self.now += 0 if ready or timeout is None else max(timeout, 0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; its clock begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the loop was made, none of which anybody waited for."""
        return self._jumping.now


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test's coroutine on a loop of its own, whose clock jumps."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(test(*args, **kwargs))

    return run


def virtual_now() -> datetime:
    """The running loop's time as a date."""
    return START + timedelta(seconds=asyncio.get_running_loop().time())
