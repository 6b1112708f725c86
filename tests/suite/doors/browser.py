"""A person at /docs, in a real browser that can reach nothing but this machine: key, body, Execute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

OFFLINE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
OPERATION = "#operations-promotions-promote"
PATIENCE_MS = 120_000


def promotes_by_hand(playwright: Any, browser: str, url: str, key: str, body: Any, picture: Path) -> list[str]:
    """Promote from /docs, and look at /redoc; returns every address that the pages asked for. `picture`: where /docs is kept."""
    asked: list[str] = []
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=browser, args=["--no-sandbox", OFFLINE], timeout=PATIENCE_MS)
        page = opened.new_page(viewport={"width": 900, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{url}/docs")
        _authorize(page, key)
        _execute(page, json.dumps(body, indent=2))
        page.locator(f"{OPERATION} .live-responses-table .response-col_status", has_text="202").wait_for()
        page.locator(f"{OPERATION} .opblock-section-request-body").evaluate("part => part.scrollIntoView()")
        page.screenshot(path=str(picture))
        page.goto(f"{url}/redoc")
        page.get_by_text("Have a model evaluated", exact=False).first.wait_for()
        opened.close()
    return [each for each in asked if each.startswith(("http:", "https:"))]


def _authorize(page: Any, key: str) -> None:
    page.locator("button.authorize").first.click()
    page.locator(".auth-container input").first.fill(key)
    page.locator(".auth-btn-wrapper button.authorize").click()
    page.locator(".auth-btn-wrapper button.btn-done").click()


def _execute(page: Any, body: str) -> None:
    page.locator(f"{OPERATION} .opblock-summary-control").click()
    page.locator(f"{OPERATION} .try-out__btn").click()
    page.locator(f"{OPERATION} textarea.body-param__text").fill(body)
    page.locator(f"{OPERATION} button.execute").click()
