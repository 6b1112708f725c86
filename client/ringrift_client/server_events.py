"""Server-sent events out of the bytes of an answer, as the HTML standard has them (section 9.2.6). Asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ringrift_client.errors import NotJsonError

MOST_BYTES = 8 * 1024 * 1024
"""More than any event has."""


class ServerEvent(NamedTuple):
    """One event. `id`: the last one that was given, empty for none; `kind`: its name; `data`: its lines."""

    id: str
    kind: str
    data: str


def server_events(chunks: Iterable[bytes]) -> Iterator[ServerEvent]:
    """The events of a stream; one that breaks off within an event gives none of it. NotJsonError for an endless one."""
    identity, kind, data, size = "", "", list[str](), 0
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield ServerEvent(identity, kind or "message", "\n".join(data))
        if not line:
            kind, data, size = "", [], 0
        elif name == "data":
            data.append(value)
            size += len(value) + 1
        elif name == "event":
            kind = value
        elif name == "id":
            identity = value
        if size > MOST_BYTES:
            raise NotJsonError("the stream has an event that does not end")


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Whole lines, as they are complete."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > MOST_BYTES:
            raise NotJsonError("the stream has a line that does not end")
        yield from (line.removesuffix(b"\r").decode("utf-8", "replace") for line in whole)
