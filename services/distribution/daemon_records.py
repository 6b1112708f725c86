"""The daemon's records: the service's use cases where a visit changes something, the repository where it only remembers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from services.distribution import repository
from services.distribution.breaker import BreakerMemory
from services.distribution.delivery import Desired, Head, Progress
from services.distribution.node import Report
from services.distribution.service import DistributionService


class DaemonRecords:
    """`Records` of the UnifiedDistributionDaemon, kept in Postgres. Its writes wake nobody: the daemon would wake itself."""

    def __init__(self, service: DistributionService) -> None:
        self._service = service

    def changes(self, seconds: float) -> AsyncIterator[None]:
        """Yield after each commit that others make, and at least every `seconds`."""
        return self._service.database.changes(seconds)

    async def breakers(self) -> Mapping[str, BreakerMemory]:
        """Every persisted breaker."""
        async with self._service.database.read() as tx:
            return await repository.load_breakers(tx)

    async def save_breaker(self, node: str, memory: BreakerMemory) -> None:
        """Persist a breaker."""
        async with self._service.database.write(quiet=True) as tx:
            await repository.save_breaker(tx, node, memory)

    async def open_deliveries(self) -> Desired:
        """Open the deliveries that new nodes lack; returns what is desired of which node."""
        return await self._service.open_deliveries()

    async def record_report(
        self, node: str, report: Report, progress: Sequence[Progress], clock_skew: int | None = None
    ) -> None:
        """Record a visit that succeeded, and complete the distributions that it completes."""
        await self._service.record_report(node, report, progress, clock_skew)

    async def record_unreached(self, node: str, error: str) -> None:
        """Record a visit that failed."""
        await self._service.record_unreached(node, error)

    async def close_overdue(self) -> None:
        """Move the waves on, and emit what is to be said of the distributions that have come to an end."""
        await self._service.rollouts.look()
        await self._service.close_overdue()

    async def trace_of(self, head: Head) -> str | None:
        """The place in the trace of what made a version desired."""
        async with self._service.database.read() as tx:
            return await repository.trace_of(tx, head.configuration, head.version)
