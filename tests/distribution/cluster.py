"""A cluster in virtual time: nodes that behave as told, records in memory, and the daemon between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from services.distribution.daemon import UnifiedDistributionDaemon
from services.distribution.daemon_state import DaemonState
from shared.contract.words import BreakerState, DeliveryState
from tests.kit.fakes_distribution import FakeNode, FakeNodes, FakeRecords
from tests.kit.virtual_time import virtual_now

SECONDS = 1.0
VISIT_SECONDS = 10.0
_DELIVERED = (DeliveryState.DELIVERED, None)


@dataclass
class Cluster:
    """Nodes, records, and the daemon between them while `running` lasts."""

    records: FakeRecords = field(default_factory=FakeRecords)
    nodes: FakeNodes = field(default_factory=FakeNodes)
    state: DaemonState = field(default_factory=lambda: DaemonState(SECONDS))
    behind: timedelta = timedelta()
    """How far the daemon's clock was set back."""

    def add(self, name: str) -> FakeNode:
        """A node that is there and registered."""
        self.records.register(name)
        return self.nodes.add(name)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """The daemon, until the block ends; then it is cancelled, as at the end of a process."""
        daemon = UnifiedDistributionDaemon(
            self.records,
            self.nodes,
            self.state,
            SECONDS,
            lambda: virtual_now() - self.behind,
            visit_seconds=VISIT_SECONDS,
        )
        task = asyncio.create_task(daemon.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, question: Callable[[], bool], seconds: float = 300) -> None:
        """Let time go by until the answer is yes; a test fails if that takes longer than `seconds`."""
        async with asyncio.timeout(seconds):
            while not question():  # noqa: ASYNC110 - the question may be anything, so there is no event to wait for
                await asyncio.sleep(0.1)

    async def delivered(self, *names: str, seconds: float = 300) -> None:
        """Wait until the records say that those nodes hold the desired version."""
        await self.until(
            lambda: all(self.records.state(name) == _DELIVERED for name in names) if self.opened else False, seconds
        )

    @property
    def opened(self) -> bool:
        """Whether the first pass has opened the deliveries."""
        return bool(self.records.deliveries)

    def breaker(self, name: str) -> BreakerState:
        """The state of a node's breaker."""
        return self.state.breakers[name]


async def passing(seconds: float) -> None:
    """So much virtual time goes by."""
    await asyncio.sleep(seconds)
