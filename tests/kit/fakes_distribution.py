"""The two seams of the UnifiedDistributionDaemon without network or database: nodes that behave as told, records in memory."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from services.distribution.breaker import BreakerMemory
from services.distribution.daemon import NodeFaultError, RefusedError
from services.distribution.delivery import Delivery, Desired, Head, Progress
from services.distribution.distribution import Distribution, Standing
from services.distribution.node import Fetch, Held, KnownNode, Node, Report
from shared.contract.words import BreakerState, DeliveryState
from tests.kit.virtual_time import START, virtual_now


def head(version: int, configuration: str = "hex8_2p") -> Head:
    """A version whose digest says which it is."""
    return Head(configuration, version, f"{version:064x}", 100 + version)


@dataclass
class FakeNode:
    """A node. `down`, `hangs`, `refusal`: how it misbehaves; `held`: its disk; `visits`, `orders`: when it was asked what."""

    name: str
    down: str = ""
    hangs: str = ""
    refusal: str = ""
    fetch_seconds: float = 0.0
    held: dict[str, Held] = field(default_factory=dict)
    fetching: dict[str, tuple[Head, float]] = field(default_factory=dict)
    visits: list[float] = field(default_factory=list)
    orders: list[tuple[float, Head]] = field(default_factory=list)
    given_up: int = 0
    under_way: int = 0
    most_under_way: int = 0

    @property
    def versions(self) -> dict[str, int]:
        """What is on its disk."""
        return {configuration: held.version for configuration, held in self.held.items()}

    async def answer(self, question: str) -> None:
        """Be there, or not: `down` is a fault, `hangs` names the question that is never answered."""
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.down:
                raise NodeFaultError(self.down)
            if self.hangs == question:
                await asyncio.Event().wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        finally:
            self.under_way -= 1

    def arrive(self) -> None:
        """Finish the transfers whose time is up."""
        for configuration, (wanted, until) in list(self.fetching.items()):
            if _time() >= until:
                self.held[configuration] = Held(wanted.version, wanted.digest, wanted.size)
                del self.fetching[configuration]


class FakeNodes:
    """`NodeClient`: every node that was added, by address; another address is a fault."""

    def __init__(self) -> None:
        self.by_url: dict[str, FakeNode] = {}

    def add(self, name: str) -> FakeNode:
        """A node that does as it is told."""
        return self.by_url.setdefault(f"http://{name}", FakeNode(name))

    def keep_only(self, nodes: Collection[str]) -> None:
        """Nothing to forget."""

    async def report(self, node: Node) -> Report:
        """What is on its disk, and what it is fetching."""
        fake = self._at(node)
        fake.visits.append(_time())
        await fake.answer("report")
        fake.arrive()
        fetches = {key: Fetch(each.version, each.digest, 1) for key, (each, _) in fake.fetching.items()}
        return Report(fake.name, dict(fake.held), fetches)

    async def order(self, node: Node, head: Head) -> None:
        """Begin a transfer."""
        fake = self._at(node)
        fake.orders.append((_time(), head))
        await fake.answer("order")
        if fake.refusal:
            raise RefusedError(fake.refusal)
        fake.fetching[head.configuration] = (head, _time() + fake.fetch_seconds)

    def _at(self, node: Node) -> FakeNode:
        if node.url not in self.by_url:
            raise NodeFaultError(f"nobody is at {node.url}")
        return self.by_url[node.url]


class FakeRecords:
    """`Records` in memory. `said`: the endings in the order in which they were said; `broken`: by name, the methods that fail."""

    def __init__(self, timeout: float = 300.0) -> None:
        self.timeout = timeout
        self.nodes: dict[str, KnownNode] = {}
        self.heads: dict[str, Head] = {}
        self.deliveries: dict[tuple[str, int, str], Delivery] = {}
        self.remembered: dict[str, BreakerMemory] = {}
        self.said: list[tuple[str, int, Standing]] = []
        self.broken: set[str] = set()
        self.withheld: dict[str, dict[str, str]] = {}
        self._open: dict[str, tuple[float, bool]] = {}
        self._committed = asyncio.Event()

    def register(self, name: str, url: str = "") -> None:
        """A node becomes known."""
        self.nodes[name] = KnownNode(name, url or f"http://{name}", START, {}, None, None, BreakerState.CLOSED)
        self._committed.set()

    def remove(self, name: str) -> None:
        """A node is forgotten, with its deliveries and breaker."""
        del self.nodes[name]
        self.remembered.pop(name, None)
        self.deliveries = {key: each for key, each in self.deliveries.items() if each.node != name}
        self._committed.set()

    def promote(self, head: Head) -> None:
        """A higher version is desired."""
        self.heads[head.configuration] = head
        self._open[head.configuration] = (_time(), False)
        for key, each in self.deliveries.items():
            if each.configuration == head.configuration:
                self.deliveries[key] = each.superseded_by(head.version)
        self._committed.set()

    def state(self, name: str, configuration: str = "hex8_2p") -> tuple[DeliveryState, str | None]:
        """The state of a node's delivery of the desired version, and why."""
        delivery = self.deliveries[configuration, self.heads[configuration].version, name]
        return delivery.state, delivery.detail

    async def changes(self, seconds: float) -> AsyncIterator[None]:
        while True:
            self._committed.clear()
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._committed.wait()

    async def breakers(self) -> Mapping[str, BreakerMemory]:
        self._check("breakers")
        return dict(self.remembered)

    async def save_breaker(self, node: str, memory: BreakerMemory) -> None:
        self._check("save_breaker")
        if node in self.nodes:
            self.remembered[node] = memory

    async def open_deliveries(self) -> Desired:
        self._check("open_deliveries")
        for wanted in self.heads.values():
            for name in self.nodes:
                key = (wanted.configuration, wanted.version, name)
                self.deliveries.setdefault(key, _opened(wanted, name))
        return Desired(list(self.nodes.values()), list(self.heads.values()), self.withheld)

    async def record_report(
        self, node: str, report: Report, progress: Sequence[Progress], clock_skew: int | None
    ) -> None:
        self._check("record_report")
        if node not in self.nodes:
            return
        known = replace(self.nodes[node], models=report.models, reported_at=virtual_now(), unreached=None)
        self.nodes[node] = known
        for each in progress:
            key = (each.head.configuration, each.head.version, node)
            if key in self.deliveries:
                self.deliveries[key] = self.deliveries[key].progressed(each)

    async def trace_of(self, head: Head) -> str | None:
        return None

    async def record_unreached(self, node: str, error: str) -> None:
        self._check("record_unreached")
        if node not in self.nodes:
            return
        self.nodes[node] = replace(self.nodes[node], unreached=error)
        for key, each in self.deliveries.items():
            if each.node == node:
                self.deliveries[key] = each.unreached(error)

    async def close_overdue(self) -> None:
        self._check("close_overdue")
        for configuration, (started, has_failed) in list(self._open.items()):
            wanted = self.heads[configuration]
            of_version = [
                each
                for each in self.deliveries.values()
                if (each.configuration, each.version) == (configuration, wanted.version)
            ]
            standing = Standing.of(self.nodes.values(), of_version)
            seconds = _time() - started
            distribution = Distribution(configuration, wanted.version, wanted.digest, seconds, has_failed)
            ending = distribution.ending(standing, self.timeout)
            if ending is None:
                continue
            self.said.append((ending, wanted.version, standing))
            self._open[configuration] = (started, True)
            if ending == "completed":
                del self._open[configuration]

    def _check(self, method: str) -> None:
        if method in self.broken:
            raise OSError(f"{method}: the database is away")


def _opened(head: Head, node: str) -> Delivery:
    return Delivery(
        head.configuration, head.version, node, head.digest, head.size,
        DeliveryState.PENDING, 0, None, virtual_now(), virtual_now(), None,
    )  # fmt: skip


def _time() -> float:
    return asyncio.get_running_loop().time()
