"""Waiting for a condition that only asking can tell."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ringrift_client.errors import FrontDoorError

POLL_SECONDS = 0.25
Answer = TypeVar("Answer")
Ask = Callable[[], tuple[Answer | None, str]]
"""The answer, or None and what is missing."""


class NotYetError(FrontDoorError):
    """The time ran out; the text says what was missing at last."""


def wait_until(ask: Ask[Answer], seconds: float, *, poll_seconds: float = POLL_SECONDS) -> Answer:
    """The first answer within so many seconds. A service that is away for a while is asked again. NotYetError."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer, missing = ask()
        except FrontDoorError as error:
            answer, missing = None, str(error)
        if answer is not None:
            return answer
        if time.monotonic() >= deadline:
            raise NotYetError(missing)
        time.sleep(poll_seconds)
