"""When most nodes fail at once, it is hardly them: this machine, its network or the address of its artifacts is suspected instead.

As long as that is so no breaker opens, because the nodes would be shut out for what they did not do. Pure: no I/O, time comes in.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

FEWEST = 3
"""Of fewer nodes nothing is concluded."""


@dataclass
class Failing:
    """Since when a node fails, and when it did last."""

    since: datetime
    last: datetime


@dataclass
class Suspicion:
    """`at_once`: within how many seconds failures begin that have one cause; `rest`: seconds from one try to the next meanwhile."""

    at_once: float
    rest: float
    since: datetime | None = None
    nodes: int = 0
    _failing: dict[str, Failing] = field(default_factory=dict)

    @property
    def is_raised(self) -> bool:
        """Whether most nodes fail at once."""
        return self.since is not None

    @property
    def in_words(self) -> str | None:
        """What is suspected, None for nothing."""
        if self.since is None:
            return None
        return (
            f"{len(self._failing)} of {self.nodes} nodes fail, most of them since {self.since.isoformat(timespec='seconds')}: this "
            "service's machine or network is suspected, not they, and no breaker opens"
        )

    def failed(self, node: str, now: datetime) -> None:
        """A node did not answer as it should."""
        self._failing.setdefault(node, Failing(now, now)).last = now
        self._judge()

    def worked(self, node: str) -> None:
        """It did."""
        if self._failing.pop(node, None) is not None:
            self._judge()

    def keep_only(self, nodes: Collection[str]) -> None:
        """These are all nodes that there are."""
        self.nodes = len(nodes)
        self._failing = {name: failing for name, failing in self._failing.items() if name in nodes}
        self._judge()

    def lets_try(self, node: str, now: datetime) -> bool:
        """Whether a node may be tried now: while most fail, one that does has a rest in between."""
        failing = self._failing.get(node)
        if self.since is None or failing is None:
            return True
        return not failing.last <= now < failing.last + timedelta(seconds=self.rest)

    def forget(self, node: str) -> None:
        """Another machine may be at its address."""
        self.worked(node)

    def _judge(self) -> None:
        """Most of all nodes, whose failures began close to each other; as many as that may be, they are found at one end."""
        times, needed = sorted(each.since for each in self._failing.values()), max(FEWEST, self.nodes // 2 + 1)
        span = timedelta(seconds=self.at_once)
        starts = (times[at] for at in range(len(times) - needed + 1) if times[at + needed - 1] - times[at] <= span)
        self.since = next(starts, None)
