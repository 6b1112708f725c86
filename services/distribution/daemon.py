"""UnifiedDistributionDaemon: makes every node hold the desired version of every configuration.

Level-triggered: each pass compares what is desired with what each node reports, and orders what is missing. Each node has a task
with a time limit, so that one that hangs delays nobody. What is recorded and how nodes are spoken to come in as arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from services.distribution.breaker import Breaker, BreakerMemory, BreakerOpenError, BreakerPolicy, BreakerState
from services.distribution.delivery import DeliveryState, Head, Node, Progress, Report, assess
from shared.process.logs import get_logger

_log = get_logger(__name__)
CONCURRENT_VISITS = 32
VISIT_SECONDS = 10.0
LONGEST_RETRY_STEPS = 5


class NodeFaultError(Exception):
    """The node did not answer, or answered that it is broken; counts against it."""


class RefusedError(Exception):
    """The order was understood and refused, or the fault is ours; does not count against the node."""


class NodeClient(Protocol):
    """How a node is spoken to."""

    async def report(self, node: Node) -> Report: ...
    async def order(self, node: Node, head: Head) -> None: ...


class Records(Protocol):
    """What is remembered across restarts."""

    def changes(self, seconds: float) -> AsyncIterator[None]: ...
    async def breakers(self) -> Mapping[str, BreakerMemory]: ...
    async def save_breaker(self, node: str, memory: BreakerMemory) -> None: ...
    async def open_deliveries(self) -> tuple[Sequence[Node], Sequence[Head]]: ...
    async def record_report(self, node: str, report: Report, progress: Sequence[Progress]) -> None: ...
    async def record_unreached(self, node: str, error: str) -> None: ...
    async def close_overdue(self) -> None: ...


@dataclass(frozen=True)
class _Retry:
    """When a failed order to one node may be repeated."""

    head: Head
    attempts: int
    at: datetime


class UnifiedDistributionDaemon:
    """The reconcile loop. `seconds` is the longest time between two passes."""

    def __init__(
        self, records: Records, client: NodeClient, seconds: float, now: Callable[[], datetime],
        visit_seconds: float = VISIT_SECONDS,
    ) -> None:  # fmt: skip
        self._records, self._client, self._seconds, self._now = records, client, seconds, now
        self._visit_seconds = visit_seconds
        self._policy = BreakerPolicy(first_pause=2 * seconds, longest_pause=15 * seconds)
        self._breakers: dict[str, Breaker] = {}
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._retries: dict[tuple[str, str], _Retry] = {}
        self._slots = asyncio.Semaphore(CONCURRENT_VISITS)
        self.status = "starting"
        self.last_pass_at: datetime | None = None

    @property
    def breakers(self) -> dict[str, BreakerState]:
        """The state of each node's breaker."""
        return {name: breaker.memory.state for name, breaker in sorted(self._breakers.items())}

    async def run(self) -> None:
        """Reconcile for ever: after every commit of this process, and every `seconds` in any case."""
        remembered = await self._records.breakers()
        self._breakers = {name: Breaker(self._policy, memory) for name, memory in remembered.items()}
        try:
            async for _ in self._records.changes(self._seconds):
                await self._pass()
        finally:
            self.status = "stopped"
            await self._stop()

    def retry_now(self) -> None:
        """Let every node be tried at once: open breakers become half-open, failed orders may be repeated."""
        self._retries.clear()
        for breaker in self._breakers.values():
            breaker.half_open()

    async def _pass(self) -> None:
        nodes, heads = await self._records.open_deliveries()
        known = {node.name for node in nodes}
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in known}
        for node in nodes:
            if node.name not in self._visits:
                task = asyncio.create_task(self._visit(node, heads), name=f"visit-{node.name}")
                self._visits[node.name] = task
                task.add_done_callback(partial(self._forget_visit, node.name))
        await self._records.close_overdue()
        self.status, self.last_pass_at = "running", self._now()

    def _forget_visit(self, name: str, _: object) -> None:
        self._visits.pop(name, None)

    async def _stop(self) -> None:
        visits = list(self._visits.values())
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)

    async def _visit(self, node: Node, heads: Sequence[Head]) -> None:
        breaker = self._breakers.setdefault(node.name, Breaker(self._policy))
        before = breaker.memory
        try:
            async with self._slots:
                await self._guarded(node, heads, breaker)
        except BreakerOpenError:
            return
        except Exception as error:  # the records failed; the next pass tries again
            _log.warning("visit failed", node=node.name, error=repr(error))
        finally:
            if breaker.memory != before:
                await self._save(node.name, breaker)

    async def _save(self, node: str, breaker: Breaker) -> None:
        _log.info("breaker", node=node, state=breaker.memory.state, error=breaker.memory.last_error)
        try:
            await self._records.save_breaker(node, breaker.memory)
        except Exception as error:  # kept in memory; saved with its next change
            _log.warning("breaker not saved", node=node, error=repr(error))

    async def _guarded(self, node: Node, heads: Sequence[Head], breaker: Breaker) -> None:
        with breaker.permit(self._now()) as permit:
            try:
                async with asyncio.timeout(self._visit_seconds):
                    report = await self._client.report(node)
                    progress = [await self._further(node, head, report) for head in heads]
            except (NodeFaultError, TimeoutError) as error:
                reason = str(error) or f"no answer within {self._visit_seconds:g} s"
                permit.fail(self._now(), reason)
                await self._records.record_unreached(node.name, reason)
            except RefusedError as error:
                await self._records.record_unreached(node.name, str(error))
            else:
                permit.succeed()
                await self._records.record_report(node.name, report, progress)

    async def _further(self, node: Node, head: Head, report: Report) -> Progress:
        """The progress by the report, after ordering what is missing."""
        progress = assess(head, report)
        if progress.state is not DeliveryState.PENDING:
            self._retries.pop((node.name, head.configuration), None)
            return progress
        if not self._may_order(node, head):
            return progress
        try:
            await self._client.order(node, head)
        except RefusedError as error:
            return Progress(head, DeliveryState.PENDING, progress.bytes_done, str(error))
        return progress

    def _may_order(self, node: Node, head: Head) -> bool:
        key = (node.name, head.configuration)
        last = self._retries.get(key)
        if last is not None and last.head == head and self._now() < last.at:
            return False
        attempts = last.attempts + 1 if last is not None and last.head == head else 0
        pause = timedelta(seconds=self._seconds * 2 ** min(attempts, LONGEST_RETRY_STEPS))
        self._retries[key] = _Retry(head, attempts, self._now() + pause)
        return True
