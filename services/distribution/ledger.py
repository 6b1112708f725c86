"""What happens to deliveries, one transaction each: state and event together. Statements are repository.py's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from services.distribution import repository
from services.distribution.breaker import BreakerMemory
from services.distribution.delivery import Head, Node, Progress, Report
from shared.contract.configuration import Configuration
from shared.contract.events import DistributionCompleted, DistributionFailed, DistributionStarted, Event, EventData
from shared.messaging.outbox import Outbox
from shared.storage.database import Database, Write

SOURCE = "/services/distribution"


class DeliveryLedger:
    """The daemon's records. `timeout` in seconds: after that an incomplete distribution is reported as failed."""

    def __init__(self, database: Database, outbox: Outbox, timeout: float) -> None:
        self._database, self._outbox, self._timeout = database, outbox, timeout

    def changes(self, seconds: float) -> AsyncIterator[None]:
        """Yield after each commit that others make, and at least every `seconds`."""
        return self._database.changes(seconds)

    async def breakers(self) -> Mapping[str, BreakerMemory]:
        """Every persisted breaker."""
        async with self._database.read() as tx:
            return await repository.load_breakers(tx)

    async def save_breaker(self, node: str, memory: BreakerMemory) -> None:
        """Persist a breaker."""
        async with self._database.write(quiet=True) as tx:
            await repository.save_breaker(tx, node, memory)

    async def open_deliveries(self) -> tuple[Sequence[Node], Sequence[Head]]:
        """Open the deliveries that new nodes lack; returns every node and every desired version."""
        async with self._database.write(quiet=True) as tx:
            await repository.open_deliveries(tx)
            return await repository.known_nodes(tx), await repository.heads(tx)

    async def record_report(self, node: str, report: Report, progress: Sequence[Progress]) -> None:
        """Record a visit that succeeded, and complete the distributions that it completes."""
        async with self._database.write(quiet=True) as tx:
            await repository.record_report(tx, node, report)
            changed = [each for each in progress if await repository.record_progress(tx, node, each)]
        if changed:
            await self.close_overdue()

    async def record_unreached(self, node: str, error: str) -> None:
        """Record a visit that failed."""
        async with self._database.write(quiet=True) as tx:
            await repository.record_unreached(tx, node, error)

    async def close_overdue(self) -> None:
        """Emit DISTRIBUTION_COMPLETED or DISTRIBUTION_FAILED, each once, for the distributions that have come to it."""
        async with self._database.write(quiet=True) as tx:
            for row in await repository.open_distributions(tx, self._timeout):
                states = await repository.node_states(tx, row.configuration, row.version)
                missing = {node: reason for node, reason in states.items() if reason is not None}
                held = sorted(set(states) - set(missing))
                board, players = Configuration.parse(row.configuration)
                base = {
                    "board_type": board,
                    "num_players": players,
                    "version": row.version,
                    "digest": row.digest,
                }
                if held and not missing:
                    done = DistributionCompleted.model_validate({**base, "nodes": held, "seconds": float(row.seconds)})
                    await self._end(tx, row.configuration, row.version, "completed_at", done)
                elif row.overdue and row.failed_at is None:
                    failed = DistributionFailed.model_validate({**base, "delivered": held, "missing": missing})
                    await self._end(tx, row.configuration, row.version, "failed_at", failed)

    async def _end(self, tx: Write, configuration: str, version: int, column: str, data: EventData) -> None:
        await repository.end_distribution(tx, configuration, version, column)
        await self._outbox.add(tx, Event.of(data, source=SOURCE))


async def begin(tx: Write, outbox: Outbox, head: Head, cause: Event | None = None) -> list[str]:
    """Open the deliveries of `head` to every known node, before the first byte, and say so; returns the nodes."""
    await repository.supersede_below(tx, head)
    await repository.open_deliveries(tx)
    await repository.start_distribution(tx, head)
    names = [node.name for node in await repository.known_nodes(tx)]
    board, players = Configuration.parse(head.configuration)
    started = DistributionStarted(
        board_type=board, num_players=players, version=head.version, digest=head.digest, nodes=names
    )
    await outbox.add(tx, Event.of(started, source=SOURCE, cause=cause))
    return names
