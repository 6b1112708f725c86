"""The keys that this process presents: each to the one service that it is for, by the request's address, and to nobody else."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import httpx


class EdgeKeys(httpx.Auth):
    """Adds the Authorization header for the service that a request goes to. `keys`: by the service's address, with None for no key.

    A request to any other address, such as a node's, carries none.
    """

    def __init__(self, keys: Mapping[str, str | None]) -> None:
        self._keys = {httpx.URL(address.rstrip("/")): key for address, key in keys.items() if key}

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request, with the key of its receiver if there is one."""
        if key := self.key_for(request.url):
            request.headers["Authorization"] = f"Bearer {key}"
        yield request

    def key_for(self, url: httpx.URL) -> str | None:
        """The key of the service at that address; the longest path wins where several are behind one host."""
        found = [(address, key) for address, key in self._keys.items() if _is_under(url, address)]
        return max(found, key=lambda each: len(each[0].path))[1] if found else None


def _is_under(url: httpx.URL, address: httpx.URL) -> bool:
    """Whether a URL is of the service at that address."""
    at, base = url.path, address.path.rstrip("/")
    same_host = (url.scheme, url.host, url.port) == (address.scheme, address.host, address.port)
    return same_host and (at == base or at.startswith(f"{base}/"))
