"""How the worker, the zygote and the confined processes speak: a question, then its answer, each a kind and a body.

Standard library only. Lengths are bounded, because whoever runs a model may say anything.
"""

from __future__ import annotations

import os
import struct
from enum import IntEnum
from typing import NamedTuple

HEAD = struct.Struct("<BI")
COUNTS = struct.Struct("<II")
"""The body of a question about positions: how many lie in the shared memory, and how many logits are asked for."""
MOST = struct.Struct("<I")
MOST_BYTES = 1 << 16
PIECE = 512


class Kind(IntEnum):
    """What is said. Bodies are JSON unless it says otherwise."""

    READY = 1
    """The zygote's first words: the level that its self-test found."""
    FORK = 2
    """A process for a model, to which the descriptors that come along belong: control, memory, standard error."""
    FORKED = 3
    END = 4
    ENDED = 5
    LOAD = 6
    LOADED = 7
    """The model's metadata."""
    REFUSED = 8
    """The file is no usable model: why, and whether it is missing."""
    EVALUATE = 9
    """The body are COUNTS."""
    EVALUATED = 10
    """The answers lie in the shared memory. No body; once memory was short, how many positions are in one pass, as MOST."""
    FAILED = 11
    """The network failed; the body is a text."""


class Message(NamedTuple):
    """One question or answer."""

    kind: Kind
    body: bytes = b""


class NoMessageError(Exception):
    """What was said is no message."""


def packed(message: Message) -> bytes:
    """The bytes that are sent. NoMessageError for one that is too long."""
    if len(message.body) > MOST_BYTES:
        raise NoMessageError(f"a message of {len(message.body)} bytes: at most {MOST_BYTES} are sent")
    return HEAD.pack(message.kind, len(message.body)) + message.body


def missing(data: bytes) -> int:
    """How many bytes of a message are yet to come, at least. NoMessageError for a length that none has."""
    if len(data) < HEAD.size:
        return HEAD.size - len(data)
    _, length = HEAD.unpack_from(data)
    if length > MOST_BYTES:
        raise NoMessageError(f"said a message of {length} bytes")
    return HEAD.size + int(length) - len(data)


def unpacked(data: bytes) -> Message:
    """The message of so many bytes. NoMessageError for an unknown kind."""
    try:
        return Message(Kind(data[0]), data[HEAD.size :])
    except ValueError as error:
        raise NoMessageError(f"said a message of the kind {data[0]}") from error


def read(descriptor: int, data: bytes = b"") -> Message | None:
    """The next message, after what came already of it; None when the other end is gone. Nothing comes after a question."""
    while wanted := missing(data):
        chunk = os.read(descriptor, max(wanted, PIECE))
        if not chunk:
            return None
        data += chunk
    return unpacked(data)


def write(descriptor: int, message: Message) -> None:
    """Send a message."""
    data = packed(message)
    while data:
        data = data[os.write(descriptor, data) :]
