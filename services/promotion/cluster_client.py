"""Nodes, deliveries and distributions as the distribution service tells them, and a person's word on them, which it takes.

It has its own process and may be away. It knows this service by its key alone, so who the person is goes along in the reason.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from services.promotion.distribution_client import LONGEST_DETAIL, REFUSALS, refusal
from services.promotion.errors import DistributionRefusedError, DistributionUnreachableError
from shared.contract.audit_chain import Actor
from shared.contract.delivery import HoldingState, RolloutState
from shared.contract.words import LONGEST_PERSONS_REASON, BreakerState, DeliveryState
from shared.process.http_client import bounded

SECONDS = 10.0
Steering = Literal["pause", "resume", "advance", "abort"]
Answer = TypeVar("Answer", bound=BaseModel)


class Apart(BaseModel):
    """That a node is left alone."""

    by: str
    reason: str
    at: datetime


class Held(BaseModel):
    """What a node holds of a configuration, by its own report."""

    state: HoldingState
    version: int | None
    reason: str | None
    played: bool | None
    reload_error: str | None


class ClusterNode(BaseModel):
    """A registered node, with what is known of it."""

    name: str
    url: str
    reported_at: datetime | None
    unreached: str | None
    breaker: BreakerState
    age_seconds: float | None
    agent_version: str | None
    free_bytes: int | None
    clock_skew_seconds: int | None
    isolated: Apart | None
    labels: dict[str, str]
    plays: list[str] | None
    rival: str | None
    holds: dict[str, Held]


class ClusterNodes(BaseModel):
    """A page of nodes."""

    items: list[ClusterNode]
    next: str | None


class ClusterDelivery(BaseModel):
    """What one node has of a version."""

    state: DeliveryState
    bytes_done: int
    size: int
    waits: bool = False
    reason: str | None = None
    updated_at: datetime
    delivered_at: datetime | None
    played_at: datetime | None


class ClusterDistribution(BaseModel):
    """A version on its way to all nodes."""

    id: str
    configuration: str
    version: int
    digest: str
    state: RolloutState
    wave: int
    waves: int
    reason: str | None
    changed_by: str | None
    started_at: datetime
    completed_at: datetime | None
    failed_at: datetime | None
    nodes: dict[str, ClusterDelivery] = {}


class ClusterDistributions(BaseModel):
    """A page of distributions."""

    items: list[ClusterDistribution]
    next: str | None


class ClusterClient:
    """The distribution service over HTTP, for people who look at nodes. UnknownError, NotCanonicalError,
    DistributionUnreachableError, DistributionRefusedError."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def nodes(self, after: str | None, limit: int) -> ClusterNodes:
        """Registered nodes by name."""
        return await self._read("/v1/nodes", ClusterNodes, after=after, limit=limit)

    async def distributions(self, configuration: str | None, after: str | None, limit: int) -> ClusterDistributions:
        """Distributions by configuration, newest version first."""
        asked = {"configuration": configuration, "after": after, "limit": limit}
        return await self._read("/v1/distributions", ClusterDistributions, **asked)

    async def distribution(self, known: str) -> ClusterDistribution:
        """One distribution with every node."""
        return await self._read(f"/v1/distributions/{known}", ClusterDistribution)

    async def steer(self, known: str, move: Steering, by: Actor, reason: str) -> None:
        """A person's word on a distribution's waves."""
        await self._send("POST", f"/v1/distributions/{known}/{move}", json={"reason": signed(reason, by)})

    async def isolate(self, name: str, by: Actor, reason: str) -> None:
        """Leave a node alone."""
        await self._send("POST", f"/v1/nodes/{name}/isolation", json={"reason": signed(reason, by)})

    async def release(self, name: str, by: Actor, reason: str) -> None:
        """Visit a node again, at once."""
        await self._send("DELETE", f"/v1/nodes/{name}/isolation", params={"reason": signed(reason, by)})

    async def _read(self, path: str, kind: type[Answer], **asked: str | int | None) -> Answer:
        given = {name: each for name, each in asked.items() if each is not None}
        answer = await self._send("GET", path, params=given)
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError as error:
            raise DistributionUnreachableError(
                f"what the distribution service answers to {path} is not understood: {error!r}"[:LONGEST_DETAIL]
            ) from None

    async def _send(self, method: str, path: str, **said: Any) -> httpx.Response:
        try:
            answer = await self._client.request(
                method, f"{self._url}{path}", extensions=bounded(seconds=SECONDS), **said
            )
        except httpx.HTTPError as error:
            raise DistributionUnreachableError(f"the distribution service does not answer: {error!r}") from None
        if answer.is_success:
            return answer
        kind, detail = refusal(answer)
        raise REFUSALS.get(kind, DistributionRefusedError)(detail)


def signed(reason: str, by: Actor) -> str:
    """The reason, with who gave it."""
    name = f" ({by.name}, at the pages)"
    return reason[: LONGEST_PERSONS_REASON - len(name)] + name
