"""Where a node fetches from: the distribution service, and whatever else its own settings name, such as a bucket's server."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


class SourceRefusedError(Exception):
    """The order names another source than the node may fetch from; the text says which is accepted."""


def require_source(source: str, address: str | None, expected: str, others: Iterable[str]) -> None:
    """Nothing, if an order names the artifact at the distribution service, and no address elsewhere but at one of the others."""
    if source != expected:
        raise SourceRefusedError(f"models are fetched from {expected} only, not from {source}")
    if address is None:
        return
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise SourceRefusedError("the order's address is none") from None
    origin = (parts.scheme, parts.hostname, port or PORTS.get(parts.scheme))
    if "@" in parts.netloc or origin not in map(_origin, others):
        said = f"{parts.scheme}://{parts.netloc}"
        raise SourceRefusedError(f"this node fetches nothing from {said}; RINGRIFT_AGENT_SOURCES names what it may")


def shown(address: str) -> str:
    """An address without its query, which may be a credential for a while."""
    return address.partition("?")[0]


def _origin(source: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(source)
    return parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)
