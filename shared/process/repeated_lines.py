"""A filter of log records: the same line again and again is counted instead of written.

The net under every module and library that logs each attempt: a warning, or anything with a traceback, that says the same as one
before. Lines that tell of different things differ in some word, and all pass; figures do not make a line another one.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable

from shared.process.repeated import RepeatedFailure

FORGET_SECONDS = 600.0
"""A line that was not repeated for so long is new again."""
MOST_LINES = 500
"""Different lines that are remembered at once."""
UNTOLD = ("time", "exception")


class CountRepeats(logging.Filter):
    """Lets the first of equal lines pass, then one at growing intervals with how often there were more."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: OrderedDict[object, tuple[RepeatedFailure, float]] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be written; one that stands for many is told so."""
        if record.levelno < logging.WARNING or (record.levelno > logging.WARNING and not _traceback(record)):
            return True
        line = self._failure((record.name, _words(record), _traceback(record))).failed("")
        if line is None:
            return False
        if line.figures.get("times"):
            _tell(record, line.figures["times"], line.figures["seconds"])
        return True

    def _failure(self, key: object) -> RepeatedFailure:
        now = self._clock()
        failure, last = self._seen.pop(key, (None, now))
        if failure is None or now - last > FORGET_SECONDS:
            failure = RepeatedFailure(self._clock)
        self._seen[key] = failure, now
        if len(self._seen) > MOST_LINES:
            self._seen.popitem(last=False)
        return failure


def _words(record: logging.LogRecord) -> object:
    """What a line says, without its figures."""
    if not isinstance(record.msg, dict):
        return record.getMessage()
    told = {key: value for key, value in record.msg.items() if key not in UNTOLD and not key.startswith("_")}
    return tuple((key, str(value)) for key, value in told.items() if not isinstance(value, int | float))


def _traceback(record: logging.LogRecord) -> str | None:
    """What the line says of an exception, if it does."""
    if isinstance(record.msg, dict) and "exception" in record.msg:
        return str(record.msg["exception"])
    return repr(record.exc_info[1]) if record.exc_info else None


def _tell(record: logging.LogRecord, times: int, seconds: float) -> None:
    """Say in the record for how many it stands; its traceback was written before."""
    record.exc_info = None
    if isinstance(record.msg, dict):
        told = {key: value for key, value in record.msg.items() if key != "exception"}
        record.msg = {**told, "times": times, "seconds": seconds}
    else:
        record.msg, record.args = f"{record.getMessage()} ({times} times in {seconds:g} s)", ()
