"""One thing that changes, shown on many pages at once: it is looked at once, filled in once, and the same bytes go to all of them.

Nobody looks while no page is open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.process.logs import get_logger

HEARTBEAT = b": still here\n\n"
HEARTBEAT_SECONDS = 15.0
_log = get_logger(__name__)


class Frame(NamedTuple):
    """What a page shows now. `is_last`: nothing comes after it."""

    html: str
    is_last: bool


@dataclass
class _Channel:
    """What all pages of one thing are told: `told`: bytes of the newest frame; `changed`: when there is a newer one."""

    told: bytes = b""
    is_over: bool = False
    followers: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def tell(self, frame: Frame) -> None:
        told = event_of(frame)
        if told != self.told:
            self.told, self.is_over = told, frame.is_last
            self.changed.set()
            self.changed = asyncio.Event()


class Live:
    """Follows things by their names. `look`: what is to be shown of one now; `seconds`: between two looks."""

    def __init__(self, look: Callable[[str], Awaitable[Frame]], seconds: float) -> None:
        self._look, self._seconds = look, seconds
        self._channels: dict[str, _Channel] = {}

    async def follow(self, name: str) -> AsyncIterator[bytes]:
        """Server-sent events: the frame of now, then every other, until the last."""
        channel = self._channels.setdefault(name, _Channel())
        channel.followers += 1
        if channel.task is None:
            channel.task = asyncio.create_task(self._watch(name, channel))
        seen = b""
        try:
            while not (channel.is_over and seen == channel.told):
                changed = channel.changed
                if seen == channel.told and not await _in_time(changed):
                    yield HEARTBEAT
                elif seen != channel.told:
                    seen = channel.told
                    yield seen
        finally:
            channel.followers -= 1
            if not channel.followers:
                channel.task.cancel()
                self._channels.pop(name, None)

    async def _watch(self, name: str, channel: _Channel) -> None:
        while not channel.is_over:
            try:
                channel.tell(await self._look(name))
            except Exception as error:  # whatever is away comes back; until then pages show what they have
                _log.debug("a live page has nothing new", page=name, error=repr(error)[:300])
            await asyncio.sleep(self._seconds)


async def _in_time(changed: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            await changed.wait()
    except TimeoutError:
        return False
    return True


def event_of(frame: Frame) -> bytes:
    """A frame as a server-sent event, and after the last one the word that there is no more."""
    lines = "".join(f"data: {line}\n" for line in frame.html.splitlines() if line.strip())
    end = "event: end\ndata: end\n\n" if frame.is_last else ""
    return f"{lines}\n{end}".encode()
