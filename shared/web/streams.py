"""Streams: answers that go on for as long as there is something to tell, and of which only so many are open at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from fastapi import Request

from shared.web.problems import TooManyStreams

RETRY_SECONDS = "10"


class Streams:
    """Counts the open streams of a process."""

    def __init__(self, most: int) -> None:
        self._most, self._open = most, 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """A stream's place, while the block lasts; TooManyStreams if there is none."""
        if self._open >= self._most:
            raise TooManyStreams(
                f"{self._most} streams are open, as many as may be", headers={"Retry-After": RETRY_SECONDS}
            )
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


async def streaming(request: Request) -> AsyncIterator[None]:
    """As a route's dependency: its answer has a place among the open streams until it ends."""
    streams: Streams = request.app.state.streams
    with streams.one():
        yield
