"""One confined process as the worker sees it: asked with a deadline, and ended whatever happens."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from play.models.confined.channel import Channel, ClosedError
from play.models.confined.errors import ModelLostError, ModelTooSlowError
from play.models.confined.helper import Ended, Helper
from play.models.confined.wire import Kind, Message
from play.models.formats.format import shown

MOST_WORDS = 600


class ModelProcess:
    """A process of its own for the model that messages call `title`."""

    def __init__(self, helper: Helper, pid: int, channel: Channel, title: str) -> None:
        self._helper, self._channel = helper, channel
        self._title = shown(title, 200)
        self._ended: Ended | None = None
        self._cpu_seconds = 0.0
        self.pid = pid

    @classmethod
    def start(cls, helper: Helper, memory: int, title: str) -> Self:
        """One that has the memory of this descriptor. ModelLostError."""
        ours, theirs = socket.socketpair()
        reading, writing = os.pipe()
        channel = Channel(ours, reading)
        try:
            return cls(helper, helper.fork((theirs.fileno(), memory, writing)), channel, title)
        except BaseException:
            channel.close()
            raise
        finally:
            theirs.close()
            os.close(writing)

    def require(self) -> None:
        """ModelLostError when it has been ended."""
        if self._ended is not None:
            raise ModelLostError(f"{self._title}: its process has ended")

    def ask(self, question: Message, seconds: float, doing: str, wanted: Sequence[Kind]) -> Message:
        """The answer. ModelTooSlowError and ModelLostError end the process."""
        self.require()
        try:
            answer = self._channel.ask(question, seconds)
        except TimeoutError as error:
            words = self.last_words()
            self.end()
            raise ModelTooSlowError(f"{self._title}: {doing} took longer than {seconds:g} seconds", words) from error
        except ClosedError as error:
            raise self.lost(str(error)) from error
        if answer.kind not in wanted:
            raise self.lost(f"said {answer.kind.name} when it was asked for {question.kind.name}")
        return answer

    def lost(self, nonsense: str = "") -> ModelLostError:
        """End the process; the error that says why, with its last words."""
        words = self.last_words()
        ended, told = self.end(), shown(words[-MOST_WORDS:], MOST_WORDS)
        how = nonsense or (_in_words(ended.code) if ended else "ended with the helper that had started it")
        return ModelLostError(f"{self._title}: the process that runs it {how}: {told or 'it said nothing'}", words)

    def last_words(self) -> str:
        """The end of what it has written to standard error, as it wrote it."""
        return self._channel.last_words()

    @property
    def cpu_seconds(self) -> float:
        """What the kernel counts for the process so far, from its start; on other systems than Linux only once it has ended."""
        if self._ended is None and sys.platform == "linux":
            with suppress(OSError):
                self._cpu_seconds = time.clock_gettime((~self.pid << 3) | 2)  # as clock_getcpuclockid(3) makes it
        return self._cpu_seconds

    def end(self) -> Ended | None:
        """End the process, if that is not done; returns when it is gone, with how it ended, or None if that cannot be told."""
        if self._ended is None:
            self._channel.close()
            self._ended = Ended(0, self.cpu_seconds)
            try:
                self._ended = self._helper.end(self.pid)
            except ModelLostError:
                return None  # the helper is gone, and its processes with it
            self._cpu_seconds = self._ended.cpu_seconds
        return self._ended


def _in_words(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    with suppress(ValueError):
        return f"was killed ({signal.Signals(-code).name})"
    return f"was killed (signal {-code})"
