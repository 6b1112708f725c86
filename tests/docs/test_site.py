"""The documentation as a site: it builds, strictly, and reading it asks nobody. And the picture of the architecture."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.site.picture import drawn, imports, rows
from tests.docs.scene import environment
from tests.house.tree import ROOT

ASKS = re.compile(
    r"<(?:script|link|img|iframe|source|object|embed)\b[^>]*?(?:src|href|srcset|data)=[\"']?(?:https?:)?//[^\s>\"']+"
)
"""What a browser fetches by itself from another host."""


def test_the_site_builds_and_asks_nobody(tmp_path: Path) -> None:
    """Every page is built without a warning, events and doors are among them, and none fetches from another host."""
    pytest.importorskip("material")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=500)
    assert ended.returncode == 0, ended.stderr
    built = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.glob("**/*.html")}
    assert "MODEL_PROMOTED" in built["asyncapi.html"]
    assert "/admin/promote" in built["api/promotion.html"]
    assert not [(page, found) for page, text in built.items() for found in ASKS.findall(text)]


def test_the_picture_is_of_the_code() -> None:
    """The drawn architecture has the imports that there are, and none of them goes up or sideways in the contract's rows."""
    place = {name: row for row, names in enumerate(rows()) for name in names}
    assert not [(one, two) for one, two in imports() if place[one] >= place[two]]
    now = drawn()
    assert (ROOT / "docs/pictures/architecture.svg").read_text() == now, "python -m docs.site.picture prints it anew"
