"""A failure that repeats: said once with its cause, then counted at growing intervals, then said to be over.

`RepeatedFailure` only counts; time comes in and words go out, so that whoever tries again and again can put them where they belong.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

INTERVALS = (60.0, 600.0, 3600.0)
"""Seconds from one line about the same failure to the next; the last one goes on."""
MOST_CAUSES = 8
"""Different causes that are said while one failure lasts."""
LONGEST_CAUSE = 300
IN_WORDS = ("asyncpg", "httpcore", "httpx", "nats", "services", "shared")
"""Packages whose errors say what is the matter outside; where in the code it was noticed adds nothing."""


class Line(NamedTuple):
    """What is to be said now: `event` in words, and the figures with it."""

    event: str
    figures: dict[str, Any]


class RepeatedFailure:
    """Counts the failures of one thing that is tried again and again, and says when a line about it is due."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds, from any beginning."""
        self._clock = clock
        self._causes: set[str] = set()
        self._times = self._lines = 0
        self._since = self._said = 0.0

    def failed(self, cause: str) -> Line | None:
        """Count a failure; the line if one is due: the first, a cause not said before, or the next of the intervals."""
        now, is_new = self._clock(), cause not in self._causes and len(self._causes) < MOST_CAUSES
        if not self._times:
            self._since, self._lines = now, 0
        self._times += 1
        if is_new:
            self._causes.add(cause)
            self._said = self._said if self._lines else now
            self._lines = self._lines or 1
            return Line("failed", {"error": cause})
        if now - self._said < INTERVALS[min(self._lines, len(INTERVALS)) - 1]:
            return None
        self._said, self._lines = now, self._lines + 1
        return Line("still failing", {"error": cause, **self._figures(now)})

    def worked(self, at: float | None = None) -> Line | None:
        """The line that it works again, if it had failed. `at`: since when, by the clock; now if not given."""
        if not self._times:
            return None
        line = Line("works again", self._figures(self._clock() if at is None else at))
        self._times, self._causes = 0, set()
        return line

    def _figures(self, now: float) -> dict[str, Any]:
        return {"times": self._times, "seconds": round(now - self._since, 1)}


class Logger(Protocol):
    """Where lines go."""

    def warning(self, event: str, *args: Any, **fields: Any) -> Any: ...
    def info(self, event: str, *args: Any, **fields: Any) -> Any: ...


class RepeatedLog:
    """The lines of one thing's failures in a log: `about` names it, with `fields`."""

    def __init__(self, log: Logger, about: str, clock: Callable[[], float] = time.monotonic, **fields: Any) -> None:
        self._log, self._about, self._fields = log, about, fields
        self._failure = RepeatedFailure(clock)

    def failed(self, error: BaseException) -> None:
        """Count a failure. A traceback comes once, with a mistake only."""
        line = self._failure.failed(cause_of(error))
        if line is not None:
            trace = error if line.event == "failed" and is_mistake(error) else None
            self._log.warning(f"{self._about} {line.event}", **self._fields, **line.figures, exc_info=trace)

    def worked(self, at: float | None = None) -> None:
        """It works; said if it had failed. `at`: since when, by the clock."""
        line = self._failure.worked(at)
        if line is not None:
            self._log.info(f"{self._about} {line.event}", **self._fields, **line.figures)


def cause_of(error: BaseException) -> str:
    """An error in one sentence: its kind and its own first line, without statements and parameters."""
    origin = _origin(error)
    said = str(origin).strip().partition("\n")[0]
    return f"{type(origin).__name__}: {said}"[:LONGEST_CAUSE] if said else type(origin).__name__


def is_mistake(error: BaseException) -> bool:
    """Whether an error may be a program's own, as against what another program, a disk or a network did."""
    package = type(_origin(error)).__module__.partition(".")[0]
    return not isinstance(_origin(error), OSError) and package not in IN_WORDS


def _origin(error: BaseException) -> BaseException:
    """What a database library wrapped: the server's own words."""
    wrapped = getattr(error, "orig", None)
    if not isinstance(wrapped, BaseException):
        return error
    return wrapped.__cause__ or wrapped
