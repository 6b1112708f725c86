"""Speaking to the agents over HTTP. A node is only ever reached at its registered address."""

from __future__ import annotations

import asyncio

import httpx
from pydantic import ValidationError

from services.distribution.agent.schemas import ModelOrder, NodeReport
from services.distribution.daemon import NodeFaultError, RefusedError
from services.distribution.delivery import Head
from services.distribution.node import Fetch, Held, Node, Report
from shared.storage.artifacts import ArtifactStore


class AgentClient:
    """The agents' API. `base_url` is where the agents find this service's artifacts."""

    def __init__(self, client: httpx.AsyncClient, store: ArtifactStore, base_url: str) -> None:
        self._client, self._store, self._base_url = client, store, base_url.rstrip("/")

    async def report(self, node: Node) -> Report:
        """What the node says is on its disk. NodeFaultError if it does not answer as an agent does."""
        answer = await self._send("GET", f"{node.url}/v1/models")
        try:
            report = NodeReport.model_validate_json(answer.content)
        except ValidationError as error:
            raise NodeFaultError(f"{node.url} answered no report of an agent: {error.errors()[0]['msg']}") from None
        return Report(
            report.node,
            {key: Held(each.version, each.digest, each.size) for key, each in report.models.items()},
            {
                key: Fetch(each.version, each.digest, each.bytes_done, each.error)
                for key, each in report.fetches.items()
            },
        )

    async def order(self, node: Node, head: Head) -> None:
        """Tell the node to hold `head`. RefusedError if it will not, or if the artifact is missing here."""
        if await asyncio.to_thread(self._store.find, head.digest) is None:
            raise RefusedError(f"the artifact store lacks {head.digest}; take the file in again")
        source = f"{self._base_url}/v1/artifacts/{head.digest}"
        order = ModelOrder(version=head.version, digest=head.digest, size=head.size, source=source)
        await self._send("PUT", f"{node.url}/v1/models/{head.configuration}", order)

    async def _send(self, method: str, url: str, body: ModelOrder | None = None) -> httpx.Response:
        try:
            answer = await self._client.request(method, url, json=body.model_dump() if body else None)
        except httpx.HTTPError as error:
            raise NodeFaultError(f"{method} {url}: {error!r}") from None
        if answer.status_code >= 500:
            raise NodeFaultError(f"{method} {url} answered {answer.status_code}: {answer.text[:300]}")
        if answer.status_code >= 300:
            raise RefusedError(f"{method} {url} answered {answer.status_code}: {answer.text[:300]}")
        return answer
