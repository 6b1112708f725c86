"""Whether a browser says that a request comes from a page of another site, which may send it though nobody there meant to."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

READING = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing; what they answer no page of another site is shown."""


def is_from_elsewhere(request: Request) -> bool:
    """Whether another site's page sent it. What is no browser says nothing of that."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site", "same-origin")
    other = origin is not None and urlsplit(origin).netloc != request.headers.get("host")
    return other or site not in ("same-origin", "none")
