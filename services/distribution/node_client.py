"""Speaking to the agents over HTTP. A node is only ever reached at its registered address, and is never sent a key."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import httpx
from pydantic import ValidationError

from services.distribution.agent.schemas import FetchProgress, ModelOrder, NodeReport, SwarmOffer
from services.distribution.agent.signature import OrderSigner
from services.distribution.daemon import NodeFaultError, RefusedError
from services.distribution.delivery import Head
from services.distribution.errors import NodeElsewhereError
from services.distribution.networks import Networks
from services.distribution.node import Damage, Fetch, Held, Node, Reloaded, Report
from services.distribution.offers import NoOffers, NotReadyError, Offers
from services.distribution.resolver import Resolver
from shared.contract.words import storable
from shared.process.http_client import bounded
from shared.storage.artifacts import ArtifactStore

MOST_ANSWER_BYTES = 1024 * 1024
"""More than any report has."""
PRESIGNED_SECONDS = 3600.0
"""For how long an address in an order is good; a transfer that takes longer is gone on with by the next order."""
SHOWN = 300
"""Characters of what a node says that are told on."""


class AgentClient:
    """The agents' API. `base_url` is where the agents find this service's artifacts; `signer` proves each request, None on a
    machine whose agents ask for no proof. `presigned`: whether nodes fetch from the artifact store itself, where it can do that;
    `offers`: the swarm; `networks`: where nodes may be."""

    def __init__(
        self, client: httpx.AsyncClient, store: ArtifactStore, base_url: str, signer: OrderSigner | None = None,
        *, presigned: bool = False, offers: Offers | None = None, networks: Networks | None = None,
    ) -> None:  # fmt: skip
        self._networks = networks or Networks((), Resolver())
        self._presigned, self._offers = presigned, offers or NoOffers()
        self._client, self._store, self._base_url, self._signer = client, store, base_url.rstrip("/"), signer

    async def report(self, node: Node) -> Report:
        """What the node says is on its disk. NodeFaultError if it does not answer as an agent does."""
        answer = await self._send("GET", node, "/v1/models")
        try:
            report = NodeReport.model_validate_json(answer.content)
        except ValidationError as error:
            raise NodeFaultError(f"{node.url} answered no report of an agent: {error.errors()[0]['msg']}") from None
        await self._offers.saw(node, report.swarm_port)
        return Report(
            report.node,
            models={key: Held(each.version, each.digest, each.size, each.epoch) for key, each in report.models.items()},
            fetches={key: _fetch(each) for key, each in report.fetches.items()},
            fetched={key: _fetch(each) for key, each in report.fetched.items()},
            damaged={key: Damage(each.version, each.digest, each.found) for key, each in report.damaged.items()},
            agent_version=report.agent_version,
            free_bytes=report.free_bytes,
            labels=report.labels,
            plays=report.plays,
            reloads={
                key: Reloaded(each.version, each.digest, each.seconds, each.error)
                for key, each in report.reloads.items()
            },
            instance=report.instance,
            clock=report.clock,
        )

    async def order(self, node: Node, head: Head) -> None:
        """Tell the node to hold `head`. RefusedError if it will not, or if the artifact is missing here."""
        address = await self._found(head.digest)
        source = f"{self._base_url}/v1/artifacts/{head.digest}"
        order = ModelOrder(
            version=head.version, digest=head.digest, size=head.size, source=source, address=address, epoch=head.epoch,
            swarm=await self._offer(node, head),
        )  # fmt: skip
        # agents of before there were epochs take the orders of the first, which do not name it
        body = order.model_dump_json(exclude_defaults=True).encode()
        await self._send("PUT", node, f"/v1/models/{head.configuration}", body)

    def keep_only(self, nodes: Collection[str]) -> None:
        """Send nobody to a node that is not registered any more."""
        self._offers.keep_only(nodes)

    async def _offer(self, node: Node, head: Head) -> SwarmOffer | None:
        try:
            return await self._offers.offer(node, head)
        except (NotReadyError, OSError) as error:
            raise RefusedError(str(error)) from None

    async def _found(self, digest: str) -> str | None:
        """Nothing but, at most, where the bytes are to be had without a credential. RefusedError if they are missing here."""
        try:
            found = await asyncio.to_thread(self._store.find, digest)
            seconds = PRESIGNED_SECONDS if self._presigned else 0
            address = await asyncio.to_thread(self._store.address, digest, seconds) if found and seconds else None
        except OSError as error:
            raise RefusedError(f"the artifact store cannot be read: {error}") from None
        if found is None:
            raise RefusedError(f"the artifact store has no undamaged copy of {digest}; take the file in again")
        return address

    async def _send(self, method: str, node: Node, path: str, body: bytes = b"") -> httpx.Response:
        url, headers = node.url + path, {"Content-Type": "application/json"} if body else {}
        if self._signer is not None:
            headers |= self._signer.headers(method, path, node.name, body)
        try:
            # no key of ours is for a node, whatever address it was registered at
            at, known = await self._connected(httpx.URL(url), headers)
            extensions, content = {**bounded(MOST_ANSWER_BYTES), **known}, body or None
            answer = await self._client.request(
                method, at, content=content, headers=headers, auth=None, extensions=extensions
            )
        except NodeElsewhereError as error:
            raise RefusedError(str(error)) from None
        except httpx.HTTPError as error:
            self._offers.lost(node)
            raise NodeFaultError(f"{method} {url}: {error!r}") from None
        if answer.status_code >= 500:
            raise NodeFaultError(f"{method} {url} answered {answer.status_code}: {storable(answer.text, SHOWN)}")
        if answer.status_code >= 300:
            raise RefusedError(f"{method} {url} answered {answer.status_code}: {storable(answer.text, SHOWN)}")
        return answer

    async def _connected(self, url: httpx.URL, headers: dict[str, str]) -> tuple[httpx.URL, dict[str, str]]:
        """The address to connect to, and the name for its certificate. NodeElsewhereError if that may not be."""
        address = await self._networks.address(str(url))
        if address is None:
            return url, {}
        headers["Host"] = url.netloc.decode()
        return url.copy_with(host=address), {"sni_hostname": url.host}


def _fetch(said: FetchProgress) -> Fetch:
    return Fetch(
        said.version, said.digest, said.bytes_done, said.error, said.epoch, said.from_peers, said.from_service
    )  # fmt: skip
