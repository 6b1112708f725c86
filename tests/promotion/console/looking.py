"""A real browser at the pages, which can reach nothing but this machine, and notes whatever a page complains of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
PATIENCE_MS = 120_000
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True, "is_mobile": True}


@dataclass
class Window:
    """One tab. `complaints`: errors, refusals of the pages' own policy, and what axe finds; `asked`: every address."""

    page: Any
    base: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Hold the page to what everybody can use, and to its width."""
        self.page.evaluate(_axe())
        found = self.page.evaluate(f"axe.run(document, {json.dumps(RULES)})")["violations"]
        self.complaints += [
            f"{self.page.url}: {each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary'][:300]}"
            for each in found
        ]
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        self.complaints += [f"{self.page.url}: {wide} pixels too wide"] if wide > 0 else []

    def picture(self, name: str) -> None:
        """Keep a picture of the page where the environment's PICTURES says, if it does."""
        folder = os.environ.get("PICTURES")
        if folder:
            Path(folder).mkdir(exist_ok=True)
            self.page.screenshot(path=f"{folder}/{name}.png")

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(f"{self.base}{path}")
        self.look()

    def click(self, role: str, name: str) -> None:
        """Use a link or a button, by its name, and look at where it leads."""
        with self.page.expect_navigation():
            self.page.get_by_role(role, name=name).first.click()
        self.look()

    def sees(self, text: str) -> None:
        """Wait until the page shows a text, by itself."""
        self.page.get_by_text(text).first.wait_for()


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text()


@contextmanager
def window(playwright: Any, browser: str, base: str, **options: Any) -> Iterator[Window]:
    """A tab of a fresh browser, while the block lasts."""
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=browser, args=["--no-sandbox", OFFLINE], timeout=PATIENCE_MS)
        page = opened.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE_MS)
        seen = Window(page, base)
        page.on("request", lambda request: seen.asked.append(request.url))
        page.on("pageerror", lambda error: seen.complaints.append(f"{page.url}: {error}"))
        page.on(
            "console",
            lambda said: (
                seen.complaints.append(f"{page.url}: {said.text}") if said.type in ("error", "warning") else None
            ),
        )
        yield seen
        opened.close()
