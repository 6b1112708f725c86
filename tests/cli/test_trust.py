"""`ringrift trust`, as somebody types it who sets the signed pointer up, and later changes its key."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from cli.main import app


def types(*words: str) -> Result:
    """What comes of a command line."""
    return CliRunner().invoke(app, ["trust", *words])


def test_keys_are_made_shown_and_changed(tmp_path: Path) -> None:
    """Each step says which file goes where; the root's key may lie elsewhere by then."""
    folder = tmp_path / "pointer"
    made = types("init", str(folder)).stdout
    assert f"RINGRIFT_POINTER_DIR={folder}" in made
    assert f"RINGRIFT_POINTER_ROOT={folder / '1.root.json'}" in made
    before = json.loads(types("show", str(folder), "--json").stdout)
    offline = tmp_path / "usb.pem"
    (folder / "offline" / "root.pem").rename(offline)
    refused = types("rotate", str(folder))
    assert (refused.exit_code, "root.pem cannot be read" in refused.stderr) == (2, True)
    assert types("rotate", str(folder), "--offline-key", str(offline)).exit_code == 0
    after = json.loads(types("show", str(folder), "--json").stdout)
    assert (before["version"], after["version"]) == (1, 2)
    assert before["keys"]["root"] == after["keys"]["root"]
    assert before["keys"]["targets"] != after["keys"]["targets"]


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    """A folder without a root, one that has one already, one that cannot be written, with exit code 2."""
    assert "has no root; `ringrift trust init" in types("show", str(tmp_path)).stderr
    (tmp_path / "file").write_text("")
    assert types("init", str(tmp_path / "file" / "pointer")).exit_code == 2
    assert types("init", str(tmp_path / "pointer")).exit_code == 0
    again = types("init", str(tmp_path / "pointer"))
    assert (again.exit_code, "has a root already" in again.stderr) == (2, True)
