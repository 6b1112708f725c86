"""What the promotion service asks of the distribution service, which has its own process and may be away."""

from __future__ import annotations

from typing import Any

import httpx

from services.promotion.errors import DistributionRefusedError, DistributionUnreachableError


class DistributionClient:
    """The distribution service over HTTP. An unreachable service is said to be unreachable, never empty."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def status(self) -> dict[str, Any]:
        """Its GET /status, or why there is none."""
        try:
            answer = await self._client.get(f"{self._url}/status", timeout=2)
            answer.raise_for_status()
            status = answer.json()
            return {each: status[each] for each in ("model_distribution", "daemon", "alive_peers")}
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            unreachable = {"status": "unreachable", "detail": f"{self._url}/status: {error!r}"}
            return {"model_distribution": unreachable, "daemon": unreachable, "alive_peers": []}

    async def distribute(self, configuration: str, version: int, digest: str) -> None:
        """Have the canonical version delivered again. DistributionUnreachableError, DistributionRefusedError."""
        body = {"configuration": configuration, "version": version, "digest": digest}
        try:
            answer = await self._client.post(f"{self._url}/admin/distribute-model", json=body)
        except httpx.HTTPError as error:
            raise DistributionUnreachableError(f"the distribution service did not take it: {error!r}") from None
        if answer.is_error:
            raise DistributionRefusedError(f"the distribution service answered {answer.status_code}: {answer.text}")
