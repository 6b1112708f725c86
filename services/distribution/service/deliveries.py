"""The use cases of versions and their deliveries. HTTP, events and the daemon all call these.

A use case of an event takes part in the event's transaction; any other is one transaction of its own. State and event are written
together.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

from services.distribution import figures, repository
from services.distribution.daemon_state import DaemonState
from services.distribution.delivery import Delivery, DeliveryKey, Desired, Head, Progress
from services.distribution.distribution import Distribution, Standing, to_hold
from services.distribution.errors import UnknownError
from services.distribution.holding import Holding
from services.distribution.ledger import Beside, LedgerHeads
from services.distribution.node import KnownNode, Report
from services.distribution.service.nodes import Nodes
from services.distribution.service.rollouts import Rollouts
from services.distribution.service.wanted import Wanted, nothing_promoted
from services.distribution.torrents import Torrents
from shared.contract.audit_chain import Actor
from shared.contract.configuration import Configuration
from shared.contract.events import Event, EventData
from shared.contract.events.distribution import DistributionCompleted, DistributionFailed, DistributionStarted
from shared.contract.words import LONGEST_NODE_REASON, storable
from shared.messaging.outbox import Outbox
from shared.process.logs import get_logger
from shared.process.traces import span
from shared.service.leadership import Leadership
from shared.storage.artifact_files import ArtifactFiles
from shared.storage.artifacts import ArtifactFile, ArtifactStore
from shared.storage.database import Transactions, Write
from shared.storage.leases import Seen

LONGEST_REASON = 1000
"""Letters that are kept of why a node could not be reached."""
_log = get_logger(__name__)


class Overview(NamedTuple):
    """Everything at one moment: desired versions, their deliveries, nodes."""

    heads: Sequence[Head]
    deliveries: Sequence[Delivery]
    nodes: Sequence[KnownNode]
    leader: Seen | None


@dataclass(frozen=True)
class DistributionService:
    """`timeout` in seconds: after that an incomplete distribution is reported as failed. `source`: of the events."""

    database: Transactions
    outbox: Outbox
    artifacts: ArtifactStore
    daemon: DaemonState
    timeout: float
    source: str
    nodes: Nodes
    rollouts: Rollouts
    torrents: Torrents | None = None

    async def desire(self, tx: Write, head: Head, cause: Event) -> None:
        """Desire a promoted version, unless it or a higher one is desired already."""
        before = await repository.locked_head_of(tx, head.configuration)
        if not await repository.raise_head(tx, head):
            return
        if before is not None and before.epoch < head.epoch:
            await repository.forget_deliveries(tx, head.configuration, head.version)
        await self._begin(tx, head, cause)

    async def begin_anew(self, tx: Write, epoch: int, heads: Sequence[Head], cause: Event) -> None:
        """The ledger was restored and begins an epoch: desire these, and nothing that was desired before."""
        for gone in await repository.withdraw_heads(tx, epoch, {head.configuration for head in heads}):
            await repository.forget_deliveries(tx, gone)
        for head in heads:
            await self.desire(tx, head, cause)

    async def redistribute(self, wanted: Wanted, by: Actor | None = None) -> tuple[Head, list[str]]:
        """Deliver the canonical version again, to every node, at once; returns it and the nodes. It stays what it is."""
        async with self.database.write() as tx:
            head = wanted.of(await repository.locked_head_of(tx, wanted.configuration))
            names = await self._begin(tx, head)
            current = await repository.locked_current_deliveries(tx, configuration=head.configuration)
            await repository.save_deliveries(tx, _moved(current, Delivery.reopened))
            about: dict[str, str | int] = {"version": head.version, "digest": head.digest}
            await repository.look_anew(tx)
            await self.nodes.acts.say(tx, by, "redeliver", about, configuration=head.configuration)
        return head, names

    async def _begin(self, tx: Write, head: Head, cause: Event | None = None) -> list[str]:
        """Open the deliveries of `head` to every known node, before the first byte, and say so; returns the nodes."""
        await repository.open_deliveries(tx)
        overtaken = await repository.locked_unfinished_below(tx, head)
        await repository.save_deliveries(tx, _moved(overtaken, lambda each: each.superseded_by(head.version)))
        await repository.start_distribution(tx, head)
        names = [node.name for node in to_hold(await repository.known_nodes(tx), head.configuration)]
        await self._emit(tx, DistributionStarted.model_validate({**_identity(head), "nodes": names}), cause)
        return names

    @cached_property
    def _files(self) -> ArtifactFiles:
        return ArtifactFiles(self.artifacts)

    async def artifact(self, digest: str) -> ArtifactFile:
        """The artifact with that digest. UnknownError if it was never taken in, or is damaged."""
        file = await self._files.file(digest)
        if file is None:
            raise UnknownError(f"there is no artifact {digest}")
        return file

    async def torrent(self, digest: str) -> bytes:
        """The torrent of an artifact. UnknownError if there is no such artifact, or no part is taken in the swarm."""
        if self.torrents is None:
            raise UnknownError("this service takes no part in the swarm; models are fetched over HTTP")
        return (await self.torrents.of(await self.artifact(digest))).content

    async def deliveries(self, configuration: str | None, after: DeliveryKey | None, limit: int) -> list[Delivery]:
        """Deliveries of every version by configuration, newest version first, then by node."""
        async with self.database.read() as tx:
            return await repository.list_deliveries(tx, configuration, after, limit)

    async def availability(self, configuration: str) -> dict[str, Holding]:
        """What each node holds of a configuration, by its own report. UnknownError if nothing was promoted."""
        async with self.database.read() as tx:
            head = await repository.head_of(tx, configuration)
            if head is None:
                raise nothing_promoted(configuration)
            nodes = to_hold(await repository.known_nodes(tx), configuration)
            standing = Standing.of(nodes, await repository.current_deliveries(tx, configuration=configuration))
        return {node.name: self.nodes.holding(node, head).unless(standing, node.name) for node in nodes}

    async def overview(self) -> Overview:
        """Every desired version, how far each node is, and the nodes."""
        async with self.database.read() as tx:
            heads, leader = await repository.heads(tx), await repository.daemon_lease(0).seen(tx)
            return Overview(heads, await repository.current_deliveries(tx), await repository.known_nodes(tx), leader)

    async def beside(self, ledger: LedgerHeads) -> Beside:
        """What is to be compared with the ledger."""
        async with self.database.read() as tx:
            versions = {key: each.version for key, each in ledger.versions.items()}
            ahead = await repository.held_beyond(tx, ledger.epoch, versions)
            return Beside(await repository.heads(tx), ahead, await repository.count_nodes(tx))

    async def open_deliveries(self) -> Desired:
        """Open the deliveries that new nodes lack; returns what is desired of which node. What somebody wants to be looked at anew,
        the daemon forgets with it."""
        async with self.database.write(quiet=True) as tx:
            looks = await repository.taken_looks(tx)
            await repository.open_deliveries(tx)
            withheld = await self.rollouts.withheld(tx)
            desired = Desired(await repository.addresses(tx), await repository.heads(tx), withheld)
        for node in looks:
            self._look_anew(node)
        return desired

    def _look_anew(self, node: str | None) -> None:
        if node is not None:
            return self.daemon.forget(node)
        self.daemon.retry_now()
        self.rollouts.look_anew()

    def led(self, leadership: Leadership) -> DistributionService:
        """The same for what the leader alone does: its writes are refused once another process leads."""
        fenced = leadership.fenced
        return replace(self, database=fenced, rollouts=replace(self.rollouts, database=fenced))

    async def record_report(
        self, node: str, report: Report, progress: Sequence[Progress], clock_skew: int | None = None
    ) -> None:
        """Record a visit that succeeded, and complete the distributions that it completes."""
        by_version = {(each.head.configuration, each.head.version): each for each in progress}

        def move(delivery: Delivery) -> Delivery:
            further = by_version.get((delivery.configuration, delivery.version))
            return delivery.progressed(further) if further else delivery

        async with self.database.write(quiet=True) as tx:
            await repository.record_report(tx, node, report, clock_skew)
            changed = await _move_current(tx, node, move)
        if changed:
            await self.close_overdue()

    async def measure(self, seconds: float) -> None:
        """Show the figures for ever, with so many seconds between two looks at the database."""
        while True:
            async with self.database.read() as tx:
                lags = await repository.lags(tx)
            nodes = await self.nodes.page()
            found = [held for each in nodes for held in each.holds.values()]
            breakers = {each.node.name: each.node.breaker for each in nodes}
            figures.show(lags, found, breakers, suspicion=self.daemon.suspicion.is_raised)
            await asyncio.sleep(seconds)

    async def record_unreached(self, node: str, error: str) -> None:
        """Record a visit that failed."""
        reason = error[:LONGEST_REASON]
        async with self.database.write(quiet=True) as tx:
            await repository.record_unreached(tx, node, reason)
            await _move_current(tx, node, lambda delivery: delivery.unreached(reason))

    async def close_overdue(self) -> None:
        """Move the waves on, and emit DISTRIBUTION_COMPLETED or DISTRIBUTION_FAILED, each once, for what has come to it."""
        async with self.database.write(quiet=True) as tx:
            for open_one in await repository.locked_distributions(tx):
                distribution = open_one.distribution
                nodes = to_hold(await repository.known_nodes(tx), distribution.configuration)
                current = await repository.current_deliveries(tx, configuration=distribution.configuration)
                standing = Standing.of(nodes, current)
                due, fault = await self.rollouts.seen(tx, open_one, nodes, current)
                wanted = fault if self.rollouts.plan.rolls_back else None
                ending = "failed" if wanted else distribution.ending(standing, self.timeout, due)
                if ending is not None:
                    await repository.end_distribution(tx, distribution, ending)
                    said = _said(distribution, standing if ending == "completed" else due, wanted)
                    within = await repository.trace_of(tx, distribution.configuration, distribution.version)
                    with span(said.event_type, within, "producer", configuration=distribution.configuration):
                        await self._emit(tx, said)
                        _log_end(said)

    async def _emit(self, tx: Write, data: EventData, cause: Event | None = None) -> None:
        await self.outbox.add(tx, Event.of(data, source=self.source, cause=cause))


def _moved(deliveries: Iterable[Delivery], move: Callable[[Delivery], Delivery]) -> list[Delivery]:
    """Those of the deliveries that the move changes, as they are after it."""
    return [after for before in deliveries if (after := move(before)) != before]


async def _move_current(tx: Write, node: str, move: Callable[[Delivery], Delivery]) -> bool:
    """Move a node's deliveries of the desired versions; whether any changed. Locks and writes nothing where none does."""
    if not _moved(await repository.current_deliveries(tx, node=node), move):
        return False
    before = {each.key: each for each in await repository.locked_current_deliveries(tx, node=node)}
    moved = _moved(before.values(), move)
    await repository.save_deliveries(tx, moved)
    for each in moved:
        _observe(before[each.key], each)
    return bool(moved)


def _observe(before: Delivery, after: Delivery) -> None:
    seconds = max((datetime.now(UTC) - after.created_at).total_seconds(), 0)
    if after.is_delivered and before.delivered_at is None:
        figures.DELIVERED.observe(seconds)
    if after.played and before.played_at is None:
        figures.PLAYED.observe(seconds)


def _identity(of: Head | Distribution) -> Mapping[str, Any]:
    """What every event of this service says first."""
    board, players = Configuration.parse(of.configuration)
    return {"board_type": board, "num_players": players, "version": of.version, "digest": of.digest}


def _said(distribution: Distribution, standing: Standing, fault: str | None = None) -> EventData:
    identity, held = _identity(distribution), list(standing.held)
    if standing.is_complete and fault is None:
        return DistributionCompleted.model_validate(
            {**identity, "nodes": held, "seconds": max(distribution.seconds, 0)}
        )
    missing = {name: storable(why, LONGEST_NODE_REASON) for name, why in standing.missing.items()}
    wanted = {"reason": storable(fault, LONGEST_REASON), "wanted": "rollback"} if fault else {}
    return DistributionFailed.model_validate({**identity, "delivered": held, "missing": missing, **wanted})


def _log_end(said: EventData) -> None:
    """One line of the log; the words for a failure stand in that of one alone, so that a search finds those and no others."""
    match said:
        case DistributionFailed():
            about = {"configuration": said.subject, "version": said.version, "digest": said.digest}
            _log.error("distribution failed", **about, delivered=said.delivered, reason=said.summary)
        case DistributionCompleted():
            about = {"configuration": said.subject, "version": said.version, "digest": said.digest}
            _log.info("distribution completed", **about, nodes=said.nodes)
