"""`ringrift announce`: what it says to the gauntlet service of a file that does not say its network itself."""

from __future__ import annotations

import hashlib
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.kit.http_server import serving

BASE = {"board_type": "hex8", "num_players": 2, "model_path": "models/a.pt"}
WORDS = ["announce", "--model", "models/a.pt", "--board-type", "hex8", "--num-players", "2"]


def told(*commands: list[str]) -> list[Any]:
    """The data of the events that these command lines send."""
    heard: list[Any] = []

    class Gauntlet(BaseHTTPRequestHandler):
        """Takes every training."""

        def do_POST(self) -> None:
            """Keep what was said."""
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"])
            body = json.dumps({"id": "1", "state": "accepted", "notes": [], "reason": None}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Gauntlet) as url:
        for words in commands:
            done = CliRunner().invoke(app, [*WORDS, *words, "--gauntlet-url", url])
            assert done.exit_code == 0, done.output
    return heard


def test_f33_the_network_is_announced_with_the_model() -> None:
    """Architecture and parameters travel in the event; without them the event has neither."""
    network = ["--architecture", "resnet", "--parameter", "blocks=4", "--parameter", "channels=32"]
    assert told(network, []) == [{**BASE, "architecture": "resnet", "parameters": {"blocks": 4, "channels": 32}}, BASE]


def test_f05_the_digest_is_announced_where_the_file_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a file which arrives damaged is not the one that was announced; unless told not to."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "a.pt").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    assert told([], ["--no-digest"]) == [{**BASE, "digest": hashlib.sha256(b"weights").hexdigest()}, BASE]


def test_a_file_that_cannot_be_sent_is_not_announced(tmp_path: Path) -> None:
    """It lies on no disk of this machine."""
    done = CliRunner().invoke(app, [*WORDS, "--upload", "--gauntlet-url", "http://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "models/a.pt is no file that can be read here" in done.output.replace("\n", " ").replace("│", "")


def test_f64_what_a_service_says_steers_no_terminal() -> None:
    """The reason of a rejection holds what others wrote, such as a path, and is spelt out."""

    class Gauntlet(BaseHTTPRequestHandler):
        """Rejects every training."""

        def do_POST(self) -> None:
            """Name the path as it came."""
            self.rfile.read(int(self.headers["Content-Length"]))
            reason = "models/a\x1b[2J\x07.pth is none"
            body = json.dumps({"id": "1", "state": "rejected", "notes": ["b\x1b[31m"], "reason": reason}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Gauntlet) as url:
        done = CliRunner().invoke(app, [*WORDS, "--gauntlet-url", url])
    assert "rejected: models/a\\x1b[2J\\x07.pth is none" in done.stderr
    assert {each for each in done.output + done.stderr if not each.isprintable()} <= {"\n"}


def test_a_parameter_that_is_none_is_refused() -> None:
    """Before anything is said to anybody."""
    for words in (["--parameter", "blocks"], ["--architecture", "a b"]):
        done = CliRunner().invoke(app, [*WORDS, *words])
        assert done.exit_code == 2
        assert "announced" not in done.output
