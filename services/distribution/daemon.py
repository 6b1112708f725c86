"""UnifiedDistributionDaemon: makes every node hold the desired version of every configuration.

Level-triggered: each pass compares what is desired with what each node reports, and orders what is missing. Each node has a task
with a time limit, so that one that hangs delays nobody. What is recorded and how nodes are spoken to come in as arguments.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple, Protocol

from services.distribution.breaker import Breaker, BreakerMemory, BreakerOpenError
from services.distribution.daemon_state import DaemonState
from services.distribution.delivery import Desired, Head, Progress, assess
from services.distribution.node import Node, Report
from shared.contract.words import DeliveryState
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog
from shared.process.traces import span

_log = get_logger(__name__)
CONCURRENT_VISITS = 32
VISIT_SECONDS = 10.0


class NodeFaultError(Exception):
    """The node did not answer, or answered that it is broken; counts against it."""


class RefusedError(Exception):
    """The order was understood and refused, or the fault is ours; does not count against the node."""


class NodeClient(Protocol):
    """How a node is spoken to: the seam of a transport. Raises the two errors above, and nothing else of its own."""

    def keep_only(self, nodes: Collection[str]) -> None: ...
    async def report(self, node: Node) -> Report: ...
    async def order(self, node: Node, head: Head) -> None: ...


class Records(Protocol):
    """What is remembered across restarts. What is said of a node that is not registered any more is dropped."""

    def changes(self, seconds: float) -> AsyncIterator[None]: ...
    async def breakers(self) -> Mapping[str, BreakerMemory]: ...
    async def save_breaker(self, node: str, memory: BreakerMemory) -> None: ...
    async def open_deliveries(self) -> Desired: ...
    async def record_report(
        self, node: str, report: Report, progress: Sequence[Progress], clock_skew: int | None
    ) -> None: ...
    async def record_unreached(self, node: str, error: str) -> None: ...
    async def close_overdue(self) -> None: ...
    async def trace_of(self, head: Head) -> str | None: ...


class _Wanted(NamedTuple):
    """What one node should hold; `orders`: what it may be ordered now; `withheld`: why not the others, by configuration."""

    heads: Sequence[Head]
    orders: Sequence[Head]
    withheld: Mapping[str, str]

    @classmethod
    def of(cls, desired: Desired, node: str) -> _Wanted:
        """By what is desired of all nodes."""
        withheld = desired.why_withheld(node)
        return cls(desired.heads, [head for head in desired.heads if head.configuration not in withheld], withheld)


class UnifiedDistributionDaemon:
    """The reconcile loop. `seconds` is the longest time between two passes."""

    def __init__(
        self, records: Records, client: NodeClient, state: DaemonState, seconds: float, now: Callable[[], datetime],
        visit_seconds: float = VISIT_SECONDS,
    ) -> None:  # fmt: skip
        self._records, self._client, self._state = records, client, state
        self._seconds, self._visit_seconds, self._now = seconds, visit_seconds, now
        self._visits: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(CONCURRENT_VISITS)
        self._suspected: str | None = None
        self._troubles: dict[tuple[str, str], RepeatedLog] = {}

    async def run(self) -> None:
        """Reconcile for ever: after every commit of this process, and every `seconds` in any case."""
        self._state.restore(await self._records.breakers())
        try:
            async for _ in self._records.changes(self._seconds):
                await self._pass()
        finally:
            await self._stop()
            self._state.end()

    async def _pass(self) -> None:
        desired = await self._records.open_deliveries()
        nodes, names = desired.nodes, {node.name for node in desired.nodes}
        self._state.keep_only(names)
        self._client.keep_only(names)
        self._troubles = {key: trouble for key, trouble in self._troubles.items() if key[0] in names}
        for node in nodes:
            wanted = _Wanted.of(desired, node.name)
            if node.name not in self._visits and self._state.is_due(node.name, wanted.orders, len(nodes), self._now()):
                task = asyncio.create_task(self._visit(node, wanted), name=f"visit-{node.name}")
                self._visits[node.name] = task
                task.add_done_callback(partial(self._forget_visit, node.name))
        self._say_suspicion()
        await self._records.close_overdue()
        self._state.status, self._state.last_pass_at = "running", self._now()

    def _say_suspicion(self) -> None:
        found = self._state.suspicion.in_words
        if (found is None) != (self._suspected is None):
            _log.warning("most nodes fail" if found else "most nodes work again", why=found)
        self._suspected = found

    def _forget_visit(self, name: str, _: object) -> None:
        self._visits.pop(name, None)

    async def _stop(self) -> None:
        visits = list(self._visits.values())
        for visit in visits:
            visit.cancel()
        await asyncio.gather(*visits, return_exceptions=True)

    async def _visit(self, node: Node, wanted: _Wanted) -> None:
        breaker = self._state.breaker(node.name)
        before = breaker.memory
        self._state.visited(node.name, wanted.orders, self._now(), holds_all=False)
        try:
            async with self._slots:
                await self._guarded(node, wanted, breaker)
        except BreakerOpenError:
            return
        except Exception as error:  # the records failed; the next pass tries again
            self._trouble(node.name).failed(error)
        finally:
            if breaker.memory != before:
                await self._save(node.name, before, breaker)

    def _trouble(self, node: str, configuration: str = "") -> RepeatedLog:
        """What is said of a node's visits, or of its deliveries of one configuration."""
        said = RepeatedLog(_log, "visit", node=node)
        if configuration:
            said = RepeatedLog(_log, "delivery", node=node, configuration=configuration)
        return self._troubles.setdefault((node, configuration), said)

    async def _save(self, node: str, before: BreakerMemory, breaker: Breaker) -> None:
        state, error = breaker.memory.state, breaker.memory.last_error
        if (state, error) != (before.state, before.last_error):
            if error is None:
                _log.info("breaker", node=node, state=state)
            else:
                _log.warning("breaker", node=node, state=state, error=error)
        try:
            await self._records.save_breaker(node, breaker.memory)
        except Exception as error:  # kept in memory; saved with its next change
            _log.warning("breaker not saved", node=node, error=repr(error))

    async def _guarded(self, node: Node, wanted: _Wanted, breaker: Breaker) -> None:
        with breaker.permit(self._now()) as permit:
            try:
                async with asyncio.timeout(self._visit_seconds):
                    report = await self._report(node)
                    heads = [head for head in wanted.heads if report.is_to_hold(head.configuration)]
                    progress = [await self._further(node, head, report, wanted) for head in heads]
            except (NodeFaultError, TimeoutError) as error:
                reason = str(error) or f"no answer within {self._visit_seconds:g} s"
                self._state.suspicion.failed(node.name, self._now())
                if not self._state.suspicion.is_raised:
                    permit.fail(self._now(), reason)
                await self._records.record_unreached(node.name, reason)
            except RefusedError as error:
                self._trouble(node.name).failed(error)
                await self._records.record_unreached(node.name, str(error))
            except Exception as error:  # ours, as likely as the node's; nobody should have to look for it in a log
                await self._records.record_unreached(node.name, f"the visit failed: {error!r}")
                raise
            else:
                permit.succeed()
                self._state.suspicion.worked(node.name)
                await self._records.record_report(node.name, report, progress, report.clock_skew(self._now()))
                holds_all = all(each.is_there or each.head not in wanted.orders for each in progress)
                self._state.visited(node.name, wanted.orders, self._now(), holds_all=holds_all)
                self._trouble(node.name).worked()

    async def _report(self, node: Node) -> Report:
        report = await self._client.report(node)
        if report.node != node.name:
            raise RefusedError(f"the agent at {node.url} calls itself {report.node!r}; register it under that name")
        former = self._state.met(node.name, report.instance)
        if former is not None:
            _log.warning("another agent", node=node.name, url=node.url, instance=report.instance, former=former)
        return report

    async def _further(self, node: Node, head: Head, report: Report, wanted: _Wanted) -> Progress:
        """The progress by the report, after ordering what is missing."""
        progress, trouble = assess(head, report), self._trouble(node.name, head.configuration)
        if progress.state is not DeliveryState.PENDING:
            self._state.taken_up(node.name, head)
            if progress.state is DeliveryState.DELIVERED:
                trouble.worked()
            return progress
        if head.configuration in wanted.withheld:
            return replace(progress, detail=wanted.withheld[head.configuration])
        failed = report.fetches.get(head.configuration)
        if failed is not None and failed.error is not None and failed.error == progress.detail:
            trouble.failed(RefusedError(failed.error))
        if self._state.may_order(node.name, head, self._now()):
            self._state.answered(node.name, head, await self._refused(node, head, trouble))
        refused = self._state.refusal(node.name, head)
        return progress if refused is None else replace(progress, detail=refused)

    async def _refused(self, node: Node, head: Head, trouble: RepeatedLog) -> str | None:
        """Order a node to hold `head`; why it will not, if it says so."""
        try:
            with span("order", await self._records.trace_of(head), configuration=head.configuration, node=node.name):
                await self._client.order(node, head)
        except RefusedError as error:
            trouble.failed(error)
            return str(error)
        return None
