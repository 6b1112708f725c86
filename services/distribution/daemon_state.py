"""What the daemon knows between two passes: each node's breaker, and when an order that failed may be repeated.

The daemon alone changes it; `retry_now` and `forget` are what operators and joining agents want of it. Others read what is shown.
Pure: no I/O, time comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel

from services.distribution.breaker import Breaker, BreakerMemory, BreakerPolicy
from services.distribution.delivery import Head
from services.distribution.suspicion import Suspicion
from shared.contract.words import BreakerState

LONGEST_RETRY_STEPS = 5
VISITS_PER_SECOND, LONGEST_REST = 10.0, 120.0
"""Nodes that hold all they should are visited so often together, but each one at least once in so many seconds."""


@dataclass(frozen=True)
class _Retry:
    """When an order to one node may be repeated, and why the last one was refused, if it was."""

    head: Head
    attempts: int
    at: datetime
    refused: str | None = None


@dataclass(frozen=True)
class _Settled:
    """A node that held all of these versions at that time."""

    heads: Sequence[Head]
    at: datetime


class LeaderSays(BaseModel):
    """What the process that the daemon runs in tells the others of it."""

    last_pass_at: datetime | None = None
    suspicion: str | None = None


class DaemonState:
    """The daemon's memory. `seconds`: the longest time between two passes, which pauses follow; `chance`: that of breakers."""

    def __init__(self, seconds: float, chance: Callable[[], float] = lambda: 0.5) -> None:
        self._seconds = seconds
        self._policy = BreakerPolicy(first_pause=2 * seconds, longest_pause=15 * seconds, chance=chance)
        self.suspicion = Suspicion(at_once=30 * seconds, rest=10 * seconds)
        self._breakers: dict[str, Breaker] = {}
        self._retries: dict[tuple[str, str], _Retry] = {}
        self._settled: dict[str, _Settled] = {}
        self._instances: dict[str, str] = {}
        self.status: Literal["starting", "running", "stopped"] = "starting"
        self.last_pass_at: datetime | None = None

    @property
    def said(self) -> dict[str, Any]:
        """For the other processes of this service."""
        told = LeaderSays(last_pass_at=self.last_pass_at, suspicion=self.suspicion.in_words)
        return told.model_dump(mode="json")

    @property
    def breakers(self) -> dict[str, BreakerState]:
        """The state of each node's breaker."""
        return {name: breaker.memory.state for name, breaker in sorted(self._breakers.items())}

    def restore(self, remembered: Mapping[str, BreakerMemory]) -> None:
        """Begin with the breakers of an earlier process, and nothing else of what was known."""
        self.end()
        self.status = "starting"
        self._breakers = {name: Breaker(self._policy, memory) for name, memory in remembered.items()}

    def end(self) -> None:
        """The daemon runs no more in this process: what it knew is another's to find out."""
        self.status, self.last_pass_at = "stopped", None
        self._breakers, self._retries, self._settled, self._instances = {}, {}, {}, {}
        self.suspicion = Suspicion(self.suspicion.at_once, self.suspicion.rest)

    def keep_only(self, nodes: Collection[str]) -> None:
        """Forget the nodes that are not registered any more."""
        self._breakers = {name: breaker for name, breaker in self._breakers.items() if name in nodes}
        self._retries = {key: retry for key, retry in self._retries.items() if key[0] in nodes}
        self._settled = {name: settled for name, settled in self._settled.items() if name in nodes}
        self._instances = {name: instance for name, instance in self._instances.items() if name in nodes}
        self.suspicion.keep_only(nodes)

    def breaker(self, node: str) -> Breaker:
        """The breaker of a node; a new one is closed."""
        return self._breakers.setdefault(node, Breaker(self._policy))

    def met(self, node: str, instance: str | None) -> str | None:
        """An agent answered at the node's address; the instance id of the one that did before, if it is another."""
        former = self._instances.get(node)
        if instance is not None:
            self._instances[node] = instance
        return former if instance not in (None, former) else None

    def visited(self, node: str, heads: Sequence[Head], now: datetime, *, holds_all: bool) -> None:
        """A visit has ended; whether the node was seen to hold all that it should."""
        self._settled.pop(node, None)
        if holds_all:
            self._settled[node] = _Settled(heads, now)

    def is_due(self, node: str, heads: Sequence[Head], nodes: int, now: datetime) -> bool:
        """Whether one of so many nodes is to be visited now: always, unless it held all of that a while ago, or most fail."""
        if not self.suspicion.lets_try(node, now):
            return False
        settled = self._settled.get(node)
        if settled is None or settled.heads != heads:
            return True
        rest = timedelta(seconds=max(self._seconds, min(nodes / VISITS_PER_SECOND, LONGEST_REST)))
        return not settled.at <= now < settled.at + rest

    def may_order(self, node: str, head: Head, now: datetime) -> bool:
        """Whether the node may be told now to hold `head`. If so, the next time is a pause later, which doubles up to a cap,
        whatever becomes of the clock."""
        last = self._retries.get((node, head.configuration))
        again = last is not None and last.head == head
        if last is not None and again and now < last.at <= now + self._pause(LONGEST_RETRY_STEPS):
            return False
        attempts = last.attempts + 1 if last is not None and again else 0
        refused = last.refused if last is not None and again else None
        self._retries[node, head.configuration] = _Retry(head, attempts, now + self._pause(attempts), refused)
        return True

    def answered(self, node: str, head: Head, refused: str | None) -> None:
        """What the node said to the order, None for yes: true until it says something else, or does what was ordered."""
        last = self._retries.get((node, head.configuration))
        if last is not None and last.head == head:
            self._retries[node, head.configuration] = replace(last, refused=refused)

    def refusal(self, node: str, head: Head) -> str | None:
        """Why the node last refused to hold `head`, if it did."""
        last = self._retries.get((node, head.configuration))
        return last.refused if last is not None and last.head == head else None

    def _pause(self, attempts: int) -> timedelta:
        return timedelta(seconds=self._seconds * 2 ** min(attempts, LONGEST_RETRY_STEPS))

    def taken_up(self, node: str, head: Head) -> None:
        """The node holds or fetches `head`: what failed before is forgotten."""
        self._retries.pop((node, head.configuration), None)

    def forget(self, node: str) -> None:
        """Another machine may be at the node's address: it is visited at once, with a closed breaker."""
        self._breakers.pop(node, None)
        self._settled.pop(node, None)
        self._instances.pop(node, None)
        self._retries = {key: retry for key, retry in self._retries.items() if key[0] != node}
        self.suspicion.forget(node)

    def retry_now(self) -> None:
        """Let every node be tried at once: open breakers become half-open, failed orders may be repeated."""
        self._retries.clear()
        self._settled.clear()
        for breaker in self._breakers.values():
            breaker.half_open()
