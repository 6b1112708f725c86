"""Asks whoever watches the nodes that play whether all is well: the condition on which a version goes to more of them."""

from __future__ import annotations

import httpx

from shared.process.http_client import bounded

MOST_BYTES, SECONDS, SHOWN = 100_000, 5.0, 300


class HealthWatch:
    """`url`: answers 2xx while all is well, and anything else, with the reason as its text, when it is not."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def __call__(self) -> str | None:
        """What is wrong, None for nothing. Who does not answer does not say that all is well."""
        try:
            answer = await self._client.get(self._url, extensions=bounded(MOST_BYTES, seconds=SECONDS))
        except httpx.HTTPError as error:
            return f"{self._url}: {error!r}"[:SHOWN]
        if answer.is_success:
            return None
        return " ".join(f"{self._url} answered {answer.status_code}: {answer.text}".split())[:SHOWN]
