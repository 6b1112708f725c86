"""What the promotion service asks of the distribution service, which has its own process and may be away."""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel

from services.promotion.errors import DistributionRefusedError, DistributionUnreachableError
from shared.process.http_client import bounded

NOT_KNOWN_YET = '"urn:ringrift:problem:not-known-yet"'
"""The kind of problem with which it says that the feed has not come so far."""
STATUS_SECONDS = 2.0
"""For how long the front door's own status may wait."""


class DistributionStatus(BaseModel):
    """What the distribution service says of itself, as far as the front door shows it."""

    model_distribution: dict[str, Any]
    daemon: dict[str, Any]
    alive_peers: list[str]
    ledger: dict[str, Any] | None = None


class DistributionClient:
    """The distribution service over HTTP. An unreachable service is said to be unreachable, never empty."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def status(self) -> DistributionStatus:
        """Its GET /status, or why there is none."""
        try:
            answer = await self._client.get(f"{self._url}/status", extensions=bounded(seconds=STATUS_SECONDS))
            answer.raise_for_status()
            return DistributionStatus.model_validate(answer.json())
        except (httpx.HTTPError, ValueError) as error:
            unreachable = {"status": "unreachable", "detail": f"{self._url}/status: {error!r}"}
            return DistributionStatus(model_distribution=unreachable, daemon=unreachable, alive_peers=[])

    async def distribute(self, configuration: str, version: int, digest: str) -> bool:
        """Have the canonical version delivered again; False if the ledger's feed has yet to bring it there, and with it the
        delivery. DistributionUnreachableError, DistributionRefusedError."""
        body = {"configuration": configuration, "version": version, "digest": digest}
        try:
            answer = await self._client.post(f"{self._url}/admin/distribute-model", json=body)
        except httpx.HTTPError as error:
            raise DistributionUnreachableError(f"the distribution service did not take it: {error!r}") from None
        if answer.status_code == 409 and NOT_KNOWN_YET in answer.text:
            return False
        if answer.is_error:
            raise DistributionRefusedError(
                f"the distribution service answered {answer.status_code}: {answer.text[:500]}"
            )
        return True
