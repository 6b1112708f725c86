"""The use cases of nodes: registered, given another address, forgotten, shown with what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlsplit

from services.distribution import repository
from services.distribution.daemon_state import DaemonState
from services.distribution.delivery import Head
from services.distribution.errors import (
    NodeDeletedError,
    NodeDoubledError,
    NodeExistsError,
    TooManyNodesError,
    UnknownError,
)
from services.distribution.holding import Holding, holdings
from services.distribution.joining import Admission, Confirmed, DoubledError, Joining, admit
from services.distribution.networks import Network, Networks
from services.distribution.node import Isolation, KnownNode, Node
from services.distribution.resolver import Resolver
from services.distribution.service.acts import Acts
from shared.contract.audit_chain import Actor
from shared.contract.words import MOST_NODES
from shared.process.logs import get_logger
from shared.storage.database import Transactions, Write

DELETED = "an operator deleted it; POST /v1/nodes registers it again"
TOO_MANY = f"{MOST_NODES} nodes are registered, as many as may be; delete one that is gone"
_log = get_logger(__name__)


class NodeHoldings(NamedTuple):
    """A node, and what it holds of each configuration that has a canonical version."""

    node: KnownNode
    holds: Mapping[str, Holding]


@dataclass(frozen=True)
class Nodes:
    """`longest_silence`: for how many seconds what a node reported counts."""

    database: Transactions
    daemon: DaemonState
    longest_silence: float
    confirmed: Confirmed
    acts: Acts
    resolver: Resolver = field(default_factory=Resolver)
    allowed: Sequence[Network] = ()

    @cached_property
    def networks(self) -> Networks:
        """Where nodes may be."""
        return Networks(self.allowed, self.resolver)

    async def register(self, *nodes: Node) -> None:
        """Register nodes, or give known ones another address; they get every canonical version. Those that were deleted stay so.
        TooManyNodesError if there would be more than an event can name."""
        async with self.database.write() as tx:
            for node in nodes:
                if removed := await repository.removed_at(tx, node.name):
                    _log.warning("node stays deleted", node=node.name, deleted_at=removed.isoformat(), why=DELETED)
                    continue
                await repository.register_node(tx, node)
            if await repository.count_nodes(tx) > MOST_NODES:
                raise TooManyNodesError(TOO_MANY)

    async def add(self, node: Node, by: Actor | None = None, *, dry_run: bool = False) -> None:
        """Register a node that is not known. NodeExistsError if its name is taken by another address, TooManyNodesError,
        NodeElsewhereError."""
        await self.networks.address(node.url)
        async with self.database.write() as tx:
            known = await repository.address_of(tx, node.name)
            if known not in (None, node.url):
                raise NodeExistsError(
                    f"{node.name} is a node at {known}; PUT /v1/nodes/{node.name} gives it another address"
                )
            if known is None and await repository.count_nodes(tx) >= MOST_NODES:
                raise TooManyNodesError(TOO_MANY)
            if known is None and not dry_run:
                await repository.register_node(tx, node)
                await self.acts.say(tx, by, "register_node", {"node": node.name, "url": node.url})

    async def move(self, node: Node, by: Actor | None = None) -> None:
        """Give a known node another address. UnknownError if there is none of that name, NodeElsewhereError."""
        await self.networks.address(node.url)
        async with self.database.write() as tx:
            if await repository.address_of(tx, node.name) is None:
                raise UnknownError(f"there is no node {node.name}; POST /v1/nodes registers one")
            await repository.register_node(tx, node)
            await repository.look_anew(tx, node.name)
            await self.acts.say(tx, by, "move_node", {"node": node.name, "url": node.url})
        self.confirmed.drop(node.name)

    async def remove(self, name: str, by: Actor | None = None, reason: str | None = None) -> None:
        """Forget a node; distributions no longer wait for it. UnknownError if there is none of that name."""
        async with self.database.write() as tx:
            if not await repository.remove_node(tx, name):
                raise UnknownError(f"there is no node {name}; GET /v1/nodes lists them")
            await repository.look_anew(tx, name)
            await self.acts.say(tx, by, "remove_node", {"node": name}, reason)
        self.confirmed.drop(name)

    async def isolate(self, name: str, isolation: Isolation, by: Actor | None = None) -> None:
        """Leave a node alone: it is neither visited nor ordered anything, and counts as one that lacks its models. UnknownError."""
        await self._set_apart(name, isolation, by, "isolate_node", isolation.reason)
        _log.warning("node isolated", node=name, by=isolation.by, reason=isolation.reason)

    async def release(self, name: str, by: Actor, reason: str | None = None) -> None:
        """Visit a node again, at once. UnknownError if there is none of that name."""
        await self._set_apart(name, None, by, "release_node", reason)
        _log.warning("node released", node=name, by=by.name)

    async def _set_apart(
        self, name: str, isolation: Isolation | None, by: Actor | None, action: str, reason: str | None = None
    ) -> None:
        async with self.database.write() as tx:
            if not await repository.isolate_node(tx, name, isolation):
                raise UnknownError(f"there is no node {name}; GET /v1/nodes lists them")
            await repository.look_anew(tx, name)
            await self.acts.say(tx, by, action, {"node": name}, reason)

    async def join(self, joining: Joining, *, dry_run: bool = False) -> Admission:
        """An agent says that it is a node: registered if it is new, and what changed about a known one is noted. One that says the
        same again costs nothing. NodeDeletedError, NodeDoubledError, TooManyNodesError, NodeElsewhereError."""
        if self.confirmed.has(joining):
            return Admission.KNOWN
        await self.networks.address(joining.url)
        try:
            async with self.database.write(quiet=dry_run) as tx:
                admission = await self._admit(tx, joining, dry_run=dry_run)
        except DoubledError as error:
            async with self.database.write(quiet=True) as tx:
                await repository.note_rival(tx, joining.name, f"instance {joining.instance} at {joining.url}")
            raise NodeDoubledError(str(error)) from None
        if dry_run:
            return admission
        if admission is not Admission.KNOWN:
            _log.warning("node", node=joining.name, url=joining.url, instance=joining.instance, is_found=admission)
        self.confirmed.add(joining)
        return admission

    async def _admit(self, tx: Write, joining: Joining, *, dry_run: bool) -> Admission:
        if await repository.removed_at(tx, joining.name):
            raise NodeDeletedError(f"{joining.name} was deleted; POST /v1/nodes registers it again")
        named, same = await repository.named_or_same(tx, joining)
        admission = admit(joining, named, same, self.longest_silence)
        if dry_run:
            return admission
        if admission is Admission.RENAMED and same is not None:
            await repository.forget_node(tx, same.name)
        if admission is not Admission.KNOWN:
            await repository.take_in(tx, joining)
            await repository.look_anew(tx, joining.name)
        if named is None and await repository.count_nodes(tx) > MOST_NODES:
            raise TooManyNodesError(TOO_MANY)
        return admission

    async def page(self, after: str | None = None, limit: int = MOST_NODES) -> list[NodeHoldings]:
        """Registered nodes by name, each with its breaker as it is now."""
        breakers = self.daemon.breakers
        async with self.database.read() as tx:
            known, heads = await repository.known_nodes(tx, after, limit), await repository.heads(tx)
        found = [replace(node, breaker=breakers.get(node.name, node.breaker)) for node in known]
        return [NodeHoldings(node, holdings(node, heads, self.longest_silence)) for node in found]

    async def swarm_addresses(self) -> list[str]:
        """The addresses of every registered node."""
        async with self.database.read() as tx:
            known = await repository.addresses(tx)
        return await self.resolver.all_addresses(urlsplit(node.url).hostname or "" for node in known)

    def holding(self, node: KnownNode, head: Head) -> Holding:
        """What a node holds of the configuration of `head`."""
        return Holding.of(node, head, self.longest_silence)
