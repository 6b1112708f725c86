"""Evaluations through the client: a stream of progress is followed to the end, however often it breaks off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringrift_client import Evaluations, FrontDoorError, NotJsonError, UnreachableError
from ringrift_client.server_events import ServerEvent, server_events

from tests.kit.http_server import serving

ID = "00000000-0000-0000-0000-000000000001"
STANDINGS = [
    {"revision": number, "state": state} for number, state in enumerate(["received", "running", "running", "completed"])
]


class BrokenGauntlet:
    """Answers with an evaluation, and streams one change of it at a time, then breaks off. `fails`: how often it answers 503."""

    def __init__(self, standings: list[dict[str, Any]], fails: int = 0, *, streams: bool = True) -> None:
        self.standings, self.fails, self.streams = standings, fails, streams
        self.seen: list[str] = []
        self.now = 0

    @property
    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Its only verb."""
        gauntlet = self

        class Handler(BaseHTTPRequestHandler):
            """Answers and streams."""

            def do_GET(self) -> None:
                """The evaluation, or a change of it and half of another."""
                if gauntlet.fails:
                    gauntlet.fails -= 1
                    return self.send_error(503)
                standing = gauntlet.standings[gauntlet.now]
                if not self.path.endswith("/progress"):
                    return self.answer(json.dumps(standing).encode(), "application/json")
                gauntlet.seen.append(self.headers["Last-Event-ID"])
                if not gauntlet.streams:
                    return self.answer(b"", "text/event-stream")
                gauntlet.now = min(gauntlet.now + 1, len(gauntlet.standings) - 1)
                changed = gauntlet.standings[gauntlet.now]
                event = (
                    f"event: {changed['state']}\ndata: {json.dumps(changed)}\nid: {changed['revision']}\n\n: ping\n\n"
                )
                return self.answer(f"{event}data: {{".encode(), "text/event-stream", missing=1000)

            def answer(self, content: bytes, kind: str, missing: int = 0) -> None:
                """Fewer bytes than are announced, if any are to be missing."""
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content) + missing))
                self.end_headers()
                self.wfile.write(content)
                self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between two tries."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


def test_a_stream_that_breaks_off_is_taken_up_where_it_was() -> None:
    """Each change comes once, in order, to the end; the service is told which was the last."""
    gauntlet = BrokenGauntlet(STANDINGS, fails=2)
    with serving(gauntlet.handler) as url, Evaluations(url) as evaluations:
        assert list(evaluations.follow(ID)) == STANDINGS
    assert gauntlet.seen == ["0", "1", "2"]


def test_an_evaluation_that_has_ended_is_told_once() -> None:
    """Without opening a stream."""
    gauntlet = BrokenGauntlet(STANDINGS[-1:])
    with serving(gauntlet.handler) as url, Evaluations(url) as evaluations:
        assert list(evaluations.follow(ID)) == STANDINGS[-1:]
    assert not gauntlet.seen


def test_an_end_that_no_stream_tells_is_seen() -> None:
    """A service that was restored from a dump counts its changes anew, and streams none that is newer."""
    gauntlet = BrokenGauntlet([{"revision": 9, "state": "running"}, {"revision": 3, "state": "failed"}], streams=False)
    with serving(gauntlet.handler) as url, Evaluations(url) as evaluations:
        following = evaluations.follow(ID)
        assert next(following)["revision"] == 9
        gauntlet.now = 1
        assert list(following) == [{"revision": 3, "state": "failed"}]


def test_patience_ends() -> None:
    """A service that stays away is told as such; a refusal is not waited for."""
    away = BrokenGauntlet(STANDINGS, fails=10_000)
    with serving(away.handler) as url, Evaluations(url) as evaluations, pytest.raises(FrontDoorError, match="503"):
        list(evaluations.follow(ID, patience=0))
    with Evaluations(url) as evaluations, pytest.raises(UnreachableError):
        list(evaluations.follow(ID, patience=0))


TEXTS = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=["Cs"]), max_size=8)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), max_size=4), st.data())
def test_events_do_not_depend_on_where_the_bytes_are_cut(events: list[tuple[str, str, list[str]]], data: Any) -> None:
    """The same stream in any pieces gives the same events, with comments and unknown fields left out."""
    text = "".join(
        f": note\r\nid: {identity}\nevent: {kind}\nother: 1\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
        for identity, kind, lines in events
    )
    stream = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    expected = [ServerEvent(identity, kind or "message", "\n".join(lines)) for identity, kind, lines in events]
    assert list(server_events(pieces)) == expected
    assert len(list(server_events([stream[:-1]]))) == max(len(events) - 1, 0)


def test_an_endless_event_is_refused() -> None:
    """Neither an endless line nor endless lines fill the memory."""

    def endless(piece: bytes) -> Iterator[bytes]:
        while True:
            yield piece

    for piece in (bytes(1 << 20), b"data: " + b"x" * 1000 + b"\n"):
        with pytest.raises(NotJsonError, match="does not end"):
            list(server_events(endless(piece)))
