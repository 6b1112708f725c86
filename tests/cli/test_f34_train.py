"""`ringrift train`: what can be refused is refused before hours are spent, and what was trained is never lost in silence."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.kit.http_server import serving

WORDS = ["train", "--games", "0", "--blocks", "1", "--channels", "4", "--announce", "--output"]


class Refusing(BaseHTTPRequestHandler):
    """A gauntlet service that takes no training."""

    def do_POST(self) -> None:
        """Refuse it, with a reason."""
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"type": "urn:ringrift:problem:path-refused", "detail": "outside the models folder"}).encode()
        self.send_response(422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_f34_what_was_trained_and_not_announced_is_there_and_told(tmp_path: Path) -> None:
    """The refusal has its own exit code, and a pipe hears what is being done."""
    output = tmp_path / "my_model.pth"
    with serving(Refusing) as url:
        done = CliRunner().invoke(app, [*WORDS, str(output), "--gauntlet-url", url])
    assert (done.exit_code, output.is_file()) == (1, True), done.output
    assert f"{output} is written, and was refused: outside the models folder" in done.stderr
    assert f"wrote {output}: " in done.stdout


@pytest.mark.parametrize(
    ("place", "environment", "said"),
    [
        ("nowhere/a.pth", {}, "make it first"),
        (".", {}, "is a folder"),
        ("canonical_hex8_2p.pth", {}, "written by the promotion"),
        ("a.pth", {"RINGRIFT_API_KEY_FILE": "/nowhere"}, "RINGRIFT_API_KEY_FILE"),
    ],
)
def test_f34_what_cannot_end_well_does_not_begin(
    place: str, environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    """A folder that is not there, a name that is not to be had, a key that cannot be read."""
    done = CliRunner().invoke(app, [*WORDS, str(tmp_path / place)], env=environment)
    words = " ".join(done.output.replace("│", " ").split())  # in a box of the terminal's width
    assert (done.exit_code, said in words) == (2, True), done.output
    assert list(tmp_path.iterdir()) == []
