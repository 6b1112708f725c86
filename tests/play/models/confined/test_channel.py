"""The worker's end of a conversation with a process that is not trusted."""

from __future__ import annotations

import fcntl
import os
import socket

import pytest

from play.models.confined.channel import Channel


@pytest.mark.parametrize("size", [0, 5, 60_000, 1_000_000])
def test_last_words_are_the_last_whatever_was_said_before(size: int) -> None:
    """All that the pipe still holds is read, as large as an ordinary user may make it."""
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 1024**2)
    os.write(writing, b"x" * size + b" the last words")
    channel = Channel(ours, reading)
    try:
        assert channel.last_words().endswith("the last words")
    finally:
        channel.close()
        theirs.close()
        os.close(writing)
