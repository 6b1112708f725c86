"""`ringrift artifacts`: every page of the list, what would go, and what went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.kit.http_server import serving

TIME = "2026-12-01T00:00:00Z"
KEPT, USELESS = ({"digest": each * 64, "size": 1000, "at": TIME} for each in "ab")
PAGES = {
    "/v1/artifacts?limit=1000": {"items": [{**KEPT, "needed_for": "version 1 of hex8_2p"}], "next": "a" * 64},
    f"/v1/artifacts?limit=1000&after={'a' * 64}": {"items": [{**USELESS, "needed_for": None}], "next": None},
}


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What the promotion service was asked; its address first."""
    heard: list[str] = []

    class Promotion(BaseHTTPRequestHandler):
        """Two models, one of which may go."""

        def do_GET(self) -> None:
            """The list."""
            self.give(200, PAGES[self.path])

        def do_POST(self) -> None:
            """The collection."""
            heard.append(self.path)
            dry_run = "dry_run=true" in self.path
            self.give(200, {"condemned": [USELESS], "deleted": [KEPT], "restored": [], "dry_run": dry_run})

        def give(self, status: int, content: Any) -> None:
            """As JSON."""
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Promotion) as url:
        heard.append(url)
        yield heard


def types(url: str, *words: str) -> str:
    """What a command that succeeds prints."""
    done = CliRunner().invoke(app, ["artifacts", *words, "--url", url])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_model_is_listed_with_what_it_is_kept_for(asked: list[str]) -> None:
    """And how much that is together."""
    first, second, total = types(asked[0], "ls").splitlines()
    assert (first.split("  ")[-1], second.split("  ")[-1]) == ("version 1 of hex8_2p", "nobody needs it")
    assert total == "2 models, 2,000 bytes"
    assert len(json.loads(types(asked[0], "ls", "--json"))["items"]) == 2


def test_g17_a_dry_run_says_what_would_go(asked: list[str]) -> None:
    """It asks for no more than that."""
    said = types(asked[0], "collect", "--days", "30", "--dry-run").splitlines()
    assert [each.split("  ")[-1] for each in said[:2]] == ["would be condemned", "would be deleted"]
    assert types(asked[0], "collect").splitlines()[-1] == "1 condemned, 1 deleted (1,000 bytes)"
    assert asked[1:] == ["/v1/artifacts/collection?dry_run=true&days=30.0", "/v1/artifacts/collection?dry_run=false"]


def test_who_cannot_be_asked_is_told() -> None:
    """With the address."""
    done = CliRunner().invoke(app, ["artifacts", "ls", "--url", "http://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "127.0.0.1:1" in done.output
