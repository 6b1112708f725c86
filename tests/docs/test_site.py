"""The documentation as a site: it builds, strictly, and reading it asks nobody. And the picture of the architecture."""

from __future__ import annotations

import re
import shutil
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
PATIENCE_MS = 240_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    pytest.importorskip("material", reason="mkdocs-material is not installed; `make docs` installs it")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=550)
    assert ended.returncode == 0, ended.stderr
    return folder


def test_the_site_builds_and_asks_nobody(site: Path) -> None:
    """Every page is built without a warning, events and doors are among them, and none fetches from another host."""
    built = {str(path.relative_to(site)): path.read_text() for path in site.glob("**/*.html")}
    assert "MODEL_PROMOTED" in built["asyncapi.html"]
    assert "/admin/promote" in built["api/promotion.html"]
    assert not [(page, found) for page, text in built.items() for found in ASKS.findall(text)]


def test_the_site_is_read_and_searched_from_its_folder(site: Path) -> None:
    """A person opens a page from the disk, searches, and is led on; no error, and nothing is fetched but files."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("there is no chromium on this machine; Debian's package `chromium` has it")
    asked, faults = [], []
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=browser, args=["--no-sandbox"], timeout=PATIENCE_MS)
        page = opened.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(f"file://{site}/index.html", wait_until="commit")
        page.get_by_placeholder("Search").fill("RollbackRequest")
        page.locator(".md-search-result__link").first.click()
        page.wait_for_url("**/api/promotion.html*", wait_until="commit")
        opened.close()
    assert not faults
    assert not [each for each in asked if not each.startswith("file:")]


def test_the_picture_is_of_the_code() -> None:
    """The drawn architecture has the imports that there are, and none of them goes up or sideways in the contract's rows."""
    place = {name: row for row, names in enumerate(rows()) for name in names}
    assert not [(one, two) for one, two in imports() if place[one] >= place[two]]
    now = drawn()
    assert (ROOT / "docs/pictures/architecture.svg").read_text() == now, "python -m docs.site.picture prints it anew"
