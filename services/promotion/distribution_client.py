"""What the promotion service asks of the distribution service, which has its own process and may be away."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from pydantic import BaseModel, ValidationError

from services.promotion.errors import (
    DistributionRefusedError,
    DistributionUnreachableError,
    NotCanonicalError,
    UnknownError,
)
from shared.contract.delivery import DaemonStatus, DistributionStatus, ModelDistribution
from shared.process.http_client import bounded

TYPE_PREFIX = "urn:ringrift:problem:"
NOT_KNOWN_YET = "not-known-yet"
"""The kind of problem with which it says that the feed has not come so far."""
LONGEST_DETAIL = 500
STATUS_SECONDS = 2.0
"""For how long the front door's own status may wait."""


REFUSALS: Mapping[str, type[Exception]] = {"not-canonical": NotCanonicalError, "not-found": UnknownError}
"""Its answers that are the answer to whoever asked here; any other is between the two services."""


class Refusal(BaseModel):
    """What it answers instead of taking a request (RFC 9457)."""

    type: str
    detail: str


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
            return _unreachable(f"{self._url}/status: {error!r}"[:LONGEST_DETAIL])

    async def delivered_models(self) -> set[str]:
        """The digests of what nodes are given. DistributionUnreachableError if nobody can say."""
        found = (await self.status()).model_distribution
        if found.status != "reachable":
            raise DistributionUnreachableError(
                f"the distribution service does not say what it delivers: {found.detail}"
            )
        return {each.digest for each in found.configurations.values()}

    async def distribute(self, configuration: str, version: int, digest: str) -> bool:
        """Have the canonical version delivered again; False if the ledger's feed has yet to bring it there, and with it the
        delivery. UnknownError, NotCanonicalError, DistributionUnreachableError, DistributionRefusedError."""
        body = {"configuration": configuration, "version": version, "digest": digest}
        try:
            answer = await self._client.post(f"{self._url}/admin/distribute-model", json=body)
        except httpx.HTTPError as error:
            raise DistributionUnreachableError(f"the distribution service did not take it: {error!r}") from None
        if answer.is_success:
            return True
        kind, detail = refusal(answer)
        if kind == NOT_KNOWN_YET:
            return False
        if kind in REFUSALS:
            raise REFUSALS[kind](detail)
        raise DistributionRefusedError(f"the distribution service answered {answer.status_code}: {detail}")


def refusal(answer: httpx.Response) -> tuple[str, str]:
    """The kind of problem and its detail, as far as the answer has them."""
    try:
        said = Refusal.model_validate_json(answer.content)
    except ValidationError:
        return "", answer.text[:LONGEST_DETAIL]
    return said.type.removeprefix(TYPE_PREFIX), said.detail[:LONGEST_DETAIL]


def _unreachable(detail: str) -> DistributionStatus:
    return DistributionStatus(
        model_distribution=ModelDistribution(status="unreachable", detail=detail, configurations={}),
        daemon=DaemonStatus(status="unreachable", detail=detail),
        alive_peers=[],
    )
