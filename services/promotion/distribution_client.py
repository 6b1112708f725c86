"""What the promotion service asks of the distribution service, which has its own process and may be away."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel

from services.promotion.errors import DistributionRefusedError, DistributionUnreachableError


class DistributionStatus(BaseModel):
    """What the distribution service says of itself, as far as the front door shows it."""

    model_distribution: dict[str, Any]
    daemon: dict[str, Any]
    alive_peers: list[str]


class DistributionClient:
    """The distribution service over HTTP. An unreachable service is said to be unreachable, never empty."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def status(self) -> DistributionStatus:
        """Its GET /status, or why there is none."""
        try:
            answer = await self._client.get(f"{self._url}/status", timeout=2)
            answer.raise_for_status()
            return DistributionStatus.model_validate(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            unreachable = {"status": "unreachable", "detail": f"{self._url}/status: {error!r}"}
            return DistributionStatus(model_distribution=unreachable, daemon=unreachable, alive_peers=[])

    async def distribute(self, configuration: str, version: int, digest: str) -> None:
        """Have the canonical version delivered again. DistributionUnreachableError, DistributionRefusedError."""
        body = {"configuration": configuration, "version": version, "digest": digest}
        try:
            answer = await self._client.post(f"{self._url}/admin/distribute-model", json=body)
        except httpx.HTTPError as error:
            raise DistributionUnreachableError(f"the distribution service did not take it: {error!r}") from None
        if answer.is_error:
            raise DistributionRefusedError(f"the distribution service answered {answer.status_code}: {answer.text}")
