"""What a node is offered beside the artifact's address: the swarm of those that hold or fetch the same, in the service's words."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from services.distribution.agent.schemas import Peer, SwarmOffer
from services.distribution.delivery import Head
from services.distribution.node import Node
from services.distribution.resolver import Resolver
from services.distribution.swarm import SwarmNodes
from shared.storage.artifacts import ArtifactStore

if TYPE_CHECKING:
    from services.distribution.seed import Seed
    from services.distribution.torrents import Torrents

HASHING_SECONDS = 5.0
"""For how long a visit waits for a torrent that is being made."""


class NotReadyError(Exception):
    """The torrent is still being made; the next visit finds it."""


class Offers(Protocol):
    """How nodes come to be offered a swarm."""

    async def saw(self, node: Node, swarm_port: int | None) -> None: ...
    def lost(self, node: Node) -> None: ...
    def keep_only(self, names: Collection[str]) -> None: ...
    async def offer(self, node: Node, head: Head) -> SwarmOffer | None: ...


class NoOffers:
    """`Offers` of a service that takes no part in a swarm."""

    async def saw(self, node: Node, swarm_port: int | None) -> None:
        """Nothing to remember."""

    def lost(self, node: Node) -> None:
        """Nothing to remember."""

    def keep_only(self, names: Collection[str]) -> None:
        """Nothing to forget."""

    async def offer(self, node: Node, head: Head) -> SwarmOffer | None:
        """None."""
        return None


class SwarmOffers:
    """`Offers` of one that does. `host`: where nodes find its seed; `smallest`: models with fewer bytes go over HTTP."""

    def __init__(
        self, nodes: SwarmNodes, store: ArtifactStore, torrents: Torrents, seed: Seed, resolver: Resolver, host: str,
        smallest: int,
    ) -> None:  # fmt: skip
        self._nodes, self._store, self._torrents, self._seed, self._resolver = nodes, store, torrents, seed, resolver
        self._host, self._smallest = host, smallest

    async def saw(self, node: Node, swarm_port: int | None) -> None:
        """A node answered."""
        addresses = await self._resolver.addresses(urlsplit(node.url).hostname or "") if swarm_port else ()
        self._nodes.saw(node.name, (addresses[0], swarm_port) if addresses and swarm_port else None)

    def lost(self, node: Node) -> None:
        """A node did not answer."""
        self._nodes.lost(node.name)

    def keep_only(self, names: Collection[str]) -> None:
        """Forget the nodes that are not registered any more."""
        self._nodes.keep_only(names)

    async def offer(self, node: Node, head: Head) -> SwarmOffer | None:
        """The swarm for a node; None where HTTP is better, or all there is. NotReadyError."""
        choice = self._nodes.choose(node.name, head.digest) if head.size >= self._smallest else None
        addresses = await self._resolver.addresses(self._host)
        file = await asyncio.to_thread(self._store.file, head.digest) if choice and addresses else None
        if choice is None or file is None:
            return None
        try:
            torrent = await asyncio.wait_for(self._torrents.of(file), HASHING_SECONDS)
        except TimeoutError:
            raise NotReadyError(f"the pieces of {head.digest} are still being hashed") from None
        allowed = {address for address, _ in self._nodes.endpoints.values()}
        port = await self._seed.give(head.configuration, file, torrent, allowed)
        if port is None:
            return None
        return SwarmOffer(
            infohash=torrent.infohash,
            seed=Peer(address=addresses[0], port=port) if choice.is_seeded else None,
            peers=[Peer(address=address, port=at) for address, at in choice.peers],
            slice=choice.slice,
            slices=choice.slices,
        )
