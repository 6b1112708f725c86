"""The worker's end of a conversation: a question is answered in time or not at all, and last words are kept.

The other side is not trusted: lengths are bounded, waits have a deadline, and descriptors that it sends are not taken.
"""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Sequence

from play.models.confined.wire import Message, NoMessageError, missing, packed, unpacked

LAST_WORDS = 8192
MOST_UNREAD = 1024**2
"""What a pipe holds at most for an ordinary user, as Linux has it unless told otherwise (pipe-max-size)."""


class ClosedError(Exception):
    """The other side is gone, or has said what is no message: then the text says what."""


class Channel:
    """A socket, and the reading end of the other side's standard error; both are this object's from now on."""

    def __init__(self, control: socket.socket, words: int) -> None:
        control.settimeout(0)
        os.set_blocking(words, False)
        self._control, self._words = control, words
        self._said = b""
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(words, select.POLLIN)
        self._listening = True

    def ask(self, question: Message, seconds: float, descriptors: Sequence[int] = ()) -> Message:
        """The answer. TimeoutError after so many seconds; ClosedError when none can come any more."""
        self._require_open()
        deadline = time.monotonic() + seconds
        self._send(packed(question), descriptors, deadline)
        return self.hear(deadline - time.monotonic())

    def hear(self, seconds: float) -> Message:
        """The next message. TimeoutError, ClosedError."""
        self._require_open()
        deadline = time.monotonic() + seconds
        data = b""
        try:
            while wanted := missing(data):
                self._wait(deadline)
                chunk = self._control.recv(wanted)
                if not chunk:
                    raise ClosedError
                data += chunk
            return unpacked(data)
        except TimeoutError:
            raise
        except NoMessageError as error:
            raise ClosedError(str(error)) from error
        except OSError as error:
            raise ClosedError from error

    def last_words(self) -> str:
        """The end of what the other side has written to standard error; of one that never stops writing, an end."""
        if self._control.fileno() >= 0:
            for _ in range(MOST_UNREAD // LAST_WORDS):
                if not self._listen():
                    break
        return self._said.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """End the conversation."""
        self._control.close()
        os.close(self._words)

    def _require_open(self) -> None:
        if self._control.fileno() < 0:
            raise ClosedError

    def _send(self, data: bytes, descriptors: Sequence[int], deadline: float) -> None:
        try:
            sent = socket.send_fds(self._control, [data], descriptors) if descriptors else self._control.send(data)
            while sent < len(data):
                self._poll.modify(self._control, select.POLLOUT)
                self._wait(deadline)
                self._poll.modify(self._control, select.POLLIN)
                sent += self._control.send(data[sent:])
        except TimeoutError:
            raise
        except OSError as error:
            raise ClosedError from error

    def _wait(self, deadline: float) -> None:
        """Until more can be heard, or said; standard error is emptied meanwhile, so that the other side never waits for that."""
        while True:
            left = deadline - time.monotonic()
            ready = {descriptor for descriptor, _ in self._poll.poll(max(left, 0) * 1000)}
            if self._words in ready:
                self._listen()
            if self._control.fileno() in ready:
                return
            if left <= 0:
                raise TimeoutError

    def _listen(self) -> bool:
        """Whether there was something."""
        try:
            chunk = os.read(self._words, LAST_WORDS)
        except BlockingIOError:
            return False
        self._said = (self._said + chunk)[-LAST_WORDS:]
        if not chunk and self._listening:  # whoever could say something is gone, and would wake every wait
            self._poll.unregister(self._words)
            self._listening = False
        return bool(chunk)
