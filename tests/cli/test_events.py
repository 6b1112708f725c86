"""`ringrift events follow`: what goes on while a service starts again, or comes back with another history."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typer.testing import CliRunner

from cli.main import app
from tests.kit.http_server import serving

EVENT = {
    "type": "MODEL_PROMOTED", "subject": "hex8_2p", "time": "2026-01-01T00:00:00Z", "data": {"version": 7},
}  # fmt: skip


def test_what_is_followed_is_followed_through_a_restart_and_a_restore() -> None:
    """No event is told twice or left out: from where it was, and from the end of a history that it does not know."""
    asked: list[str] = []
    answers: list[tuple[int, Any]] = [
        (200, {"items": [], "next": "5.a"}),
        (503, {"type": "urn:ringrift:problem:not-ready", "detail": "the database cannot be reached"}),
        (502, "a proxy says that nobody is there"),
        (200, {"items": [EVENT], "next": "6.b"}),
        (410, {"type": "urn:ringrift:problem:cursor-unknown", "detail": "begin anew"}),
        (200, {"items": [], "next": "2.c"}),
        (200, {"items": [{**EVENT, "subject": "hex8_3p"}, EVENT], "next": "4.d"}),
    ]

    class Feed(BaseHTTPRequestHandler):
        """A service that starts again, and comes back from a backup."""

        def do_GET(self) -> None:
            """The next answer."""
            asked.append(parse_qs(urlsplit(self.path).query).get("after", ["end"])[0])
            status, content = answers.pop(0)
            body = json.dumps(content).encode() if isinstance(content, dict) else content.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    words = ["events", "follow", "--service", "promotion", "--configuration", "hex8_2p", "--count", "2", "--json"]
    with serving(Feed) as url:
        done = CliRunner().invoke(app, [*words, "--url", url])
    assert done.exit_code == 0, done.output
    assert [json.loads(line) for line in done.stdout.splitlines()] == [EVENT, EVENT]
    assert asked == ["end", "5.a", "5.a", "5.a", "6.b", "end", "2.c"]
