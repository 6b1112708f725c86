"""A node: what it is, and what it says of itself. Pure: no I/O, no time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.contract.words import BreakerState

MOST_SKEW, SKEW_STEP = 30.0, 15
"""Seconds by which a node's clock may be wrong unsaid, and in which steps it is said then."""


@dataclass(frozen=True)
class Node:
    """A machine with an agent, as registered."""

    name: str
    url: str


@dataclass(frozen=True)
class Held:
    """What a node says is on its disk: version and epoch of the ledger, and SHA-256 and size of the bytes."""

    version: int
    digest: str
    size: int
    epoch: int = 0


@dataclass(frozen=True)
class Fetch:
    """A node's newest transfer for a configuration; `error` is set when it failed. `from_peers`, `from_service`: bytes that other
    nodes sent, and the distribution service or its artifact store."""

    version: int
    digest: str
    bytes_done: int
    error: str | None = None
    epoch: int = 0
    from_peers: int = 0
    from_service: int = 0


@dataclass(frozen=True)
class Damage:
    """A file on a node whose bytes are not those of the version that it should be; `found`: their digest, None if they cannot be
    read."""

    version: int
    digest: str
    found: str | None


@dataclass(frozen=True)
class Reloaded:
    """What came of telling whoever plays on a node of a version; `error`: why it was not taken up, None if it was."""

    version: int
    digest: str
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class Report:
    """What a node says of itself; models, damage and transfers by configuration. An older agent says neither its version nor how
    many bytes its disk has free."""

    node: str
    models: Mapping[str, Held] = field(default_factory=dict)
    fetches: Mapping[str, Fetch] = field(default_factory=dict)
    fetched: Mapping[str, Fetch] = field(default_factory=dict)
    damaged: Mapping[str, Damage] = field(default_factory=dict)
    agent_version: str | None = None
    free_bytes: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    plays: Collection[str] | None = None
    reloads: Mapping[str, Reloaded] = field(default_factory=dict)
    instance: str | None = None
    clock: datetime | None = None

    def is_to_hold(self, configuration: str) -> bool:
        """Whether the node holds models of a configuration."""
        return self.plays is None or configuration in self.plays

    def clock_skew(self, now: datetime) -> int | None:
        """By how many seconds the node's clock is ahead, roughly; None while that is little, or not said."""
        if self.clock is None:
            return None
        skew = (self.clock - now).total_seconds()
        return round(skew / SKEW_STEP) * SKEW_STEP if abs(skew) > MOST_SKEW else None


@dataclass(frozen=True)
class Isolation:
    """That a person wants a node left alone: nobody visits it until it is released. `at`: ISO 8601."""

    by: str
    reason: str
    at: str

    def __str__(self) -> str:
        return f"isolated by {self.by}: {self.reason}"


@dataclass(frozen=True)
class KnownNode(Node):
    """A registered node, with what it last reported, and why the last visit failed (None if it did not). `age_seconds`: of the
    report, by the database's clock; `rival`: another agent that claims the name."""

    registered_at: datetime
    models: Mapping[str, Held]
    reported_at: datetime | None
    unreached: str | None
    breaker: BreakerState
    damaged: Mapping[str, Damage] = field(default_factory=dict)
    agent_version: str | None = None
    free_bytes: int | None = None
    age_seconds: float | None = None
    instance: str | None = None
    clock_skew_seconds: int | None = None
    rival: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    plays: Collection[str] | None = None
    reloads: Mapping[str, Reloaded] = field(default_factory=dict)
    isolated: Isolation | None = None

    def is_to_hold(self, configuration: str) -> bool:
        """Whether the node holds models of a configuration."""
        return self.plays is None or configuration in self.plays

    @property
    def trouble(self) -> str | None:
        """Why the node is not asked, or could not be; None if it could."""
        return str(self.isolated) if self.isolated else self.unreached

    @property
    def is_alive(self) -> bool:
        """Whether its last visit succeeded."""
        return self.reported_at is not None and self.trouble is None
