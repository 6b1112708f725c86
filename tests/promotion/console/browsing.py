"""A person at the pages, as far as forms and links go: what a browser without JavaScript does."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx

BROWSER = {"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Site": "same-origin"}
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
FIELD = re.compile(r'<(?:input|select|textarea)\b[^>]*name="(?P<name>[^"]+)"[^>]*>')
SELECTED = re.compile(r'<select\b[^>]*name="([^"]+)"[^>]*>(.*?)</select>', re.DOTALL)


class Browser:
    """A client that keeps cookies and fills in forms. `base`: where the pages are, with the proxy's prefix."""

    def __init__(self, app: Any, base: str = "http://promotion") -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=base, headers=BROWSER)

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    async def see(self, path: str) -> httpx.Response:
        """The page at an address, wherever it leads."""
        return await self.client.get(path, follow_redirects=True)

    async def submit(self, page: httpx.Response, action: str, **filled: str) -> httpx.Response:
        """Send the form of a page whose action ends so, with some fields filled in; the page that it leads to."""
        form = next(each for each in FORM.findall(page.text) if re.search(rf'action="[^"]*{re.escape(action)}"', each))
        target = unescape(re.search(r'action="([^"]*)"', form)[1])  # type: ignore[index]
        fields = {**fields_of(form), **filled}
        if 'method="post"' in form:
            return await self.client.post(target, data=fields, follow_redirects=True)
        return await self.client.get(target, params=fields, follow_redirects=True)

    async def log_in(self, key: str) -> httpx.Response:
        """The page after a login with a key."""
        return await self.submit(await self.see("/login"), "/login", key=key)


def fields_of(form: str) -> dict[str, str]:
    """What a form would send as it stands."""
    found: dict[str, str] = {}
    for match in FIELD.finditer(form):
        tag, name = match[0], match["name"]
        value = re.search(r'value="([^"]*)"', tag)
        if re.search(r'type="(radio|checkbox)"', tag) and "checked" not in tag:
            continue
        found[name] = unescape(value[1]) if value else ""
    for name, options in SELECTED.findall(form):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found
