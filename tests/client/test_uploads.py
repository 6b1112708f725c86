"""A training loop whose models folder the gauntlet service does not see: files are sent before they are announced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ringrift_client import Suite

from tests.kit.http_server import serving


@dataclass
class FakeGauntlet:
    """Takes models, in pieces of 1000 bytes, and trainings. `away`: whether it answers 503; `full`: whether it has no room."""

    models: dict[str, bytes] = field(default_factory=dict)
    heard: list[Any] = field(default_factory=list)
    away: bool = False
    full: bool = False
    url: str = ""

    def answer(self, method: str, address: str, body: bytes) -> tuple[int, Any]:
        """As the service does."""
        where = urlsplit(address)
        if self.away:
            return 503, {"type": "urn:ringrift:problem:dependency-unavailable", "detail": "away"}
        if method == "POST":
            self.heard.append(json.loads(body))
            return 202, {"id": "t"}
        digest, asked = where.path.rpartition("/")[2], parse_qs(where.query)
        if method == "PUT" and self.full:
            return 507, {"type": "urn:ringrift:problem:no-room", "detail": "no room"}
        if method == "PUT":
            self.models[digest] = self.models.get(digest, b"") + body
        there = len(self.models.get(digest, b""))
        complete = method == "PUT" and there == int(asked["size"][0])
        return 200, {"offset": there, "complete": complete, "most_piece_bytes": 1000}


@pytest.fixture
def fake() -> Iterator[FakeGauntlet]:
    """The service on a free port."""
    made = FakeGauntlet()

    class Handler(BaseHTTPRequestHandler):
        """The three verbs."""

        def do_GET(self) -> None:
            """As every verb."""
            self.give()

        def do_PUT(self) -> None:
            """As every verb."""
            self.give()

        def do_POST(self) -> None:
            """As every verb."""
            self.give()

        def give(self) -> None:
            """Give the answer."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, content = made.answer(self.command, self.path, body)
            said = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with serving(Handler) as made.url:
        yield made


def suite_at(url: str, folder: Path) -> Suite:
    """A trainer's suite that sends its models."""
    models, spool = folder / "models", folder / "spool"
    return Suite(url, promotion_url=url, models=models, spool=spool, source="/trainers/a", seconds=2, upload=True)


def test_a_model_is_sent_and_announced_by_its_digest(fake: FakeGauntlet, tmp_path: Path) -> None:
    """Without a path, which nobody else could open."""
    (tmp_path / "a.pth").write_bytes(b"weights" * 500)
    ticket = suite_at(fake.url, tmp_path).submit(tmp_path / "a.pth", "hex8_2p")
    assert ticket.state == "taken"
    assert fake.models == {ticket.digest: b"weights" * 500}
    assert fake.heard[0]["data"] == {"board_type": "hex8", "num_players": 2, "digest": ticket.digest}
    assert "upload" not in fake.heard[0]


@pytest.mark.parametrize("trouble", ["away", "full"])
def test_a_model_that_cannot_be_sent_now_is_sent_later(fake: FakeGauntlet, tmp_path: Path, trouble: str) -> None:
    """It waits in the spool, and goes with the next flush."""
    (tmp_path / "a.pth").write_bytes(b"weights")
    suite = suite_at(fake.url, tmp_path)
    setattr(fake, trouble, True)
    ticket = suite.submit(tmp_path / "a.pth", "hex8_2p")
    assert (ticket.state, fake.heard) == ("spooled", [])
    setattr(fake, trouble, False)
    assert suite.flush() == 0
    assert (fake.models, len(fake.heard)) == ({ticket.digest: b"weights"}, 1)


def test_a_file_that_is_gone_holds_up_no_other(fake: FakeGauntlet, tmp_path: Path) -> None:
    """It is set aside with the reason."""
    suite = suite_at(fake.url, tmp_path)
    for name in ("a.pth", "b.pth"):
        (tmp_path / name).write_bytes(name.encode())
    fake.away = True
    suite.submit(tmp_path / "a.pth", "hex8_2p")
    for each in (tmp_path / "models" / "submitted").iterdir():
        each.unlink()
    fake.away = False
    ticket = suite.submit(tmp_path / "b.pth", "hex8_2p")
    assert (ticket.state, fake.models) == ("taken", {ticket.digest: b"b.pth"})
    [aside] = (tmp_path / "spool" / "refused").iterdir()
    assert "its file is gone" in aside.read_text()
