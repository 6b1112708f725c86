"""A distribution: one version on its way to all nodes, and when it has come to an end. Pure: no I/O, no time.

Every registered node is accounted for by name; "most of them" is not complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from services.distribution.delivery import Delivery
from services.distribution.node import KnownNode

Ending = Literal["completed", "failed"]


def to_hold(nodes: Iterable[KnownNode], configuration: str) -> list[KnownNode]:
    """Those of the nodes that hold models of a configuration."""
    return [node for node in nodes if node.is_to_hold(configuration)]


@dataclass(frozen=True)
class Standing:
    """The registered nodes that hold a version, and why each of the others does not."""

    held: tuple[str, ...]
    missing: Mapping[str, str]

    @classmethod
    def of(cls, nodes: Iterable[KnownNode], deliveries: Iterable[Delivery]) -> Standing:
        """The standing of one version, by its deliveries; `nodes`: those that are to hold it."""
        by_node = {delivery.node: delivery for delivery in deliveries}
        reasons = {node.name: _missing(node, by_node.get(node.name)) for node in nodes}
        held = sorted(name for name, reason in reasons.items() if reason is None)
        return cls(tuple(held), {name: reason for name, reason in reasons.items() if reason is not None})

    @property
    def is_complete(self) -> bool:
        """Whether every registered node, and at least one, holds the version."""
        return bool(self.held) and not self.missing


def _missing(node: KnownNode, delivery: Delivery | None) -> str | None:
    if delivery is None:
        return node.trouble or "not yet visited"
    if delivery.is_delivered:
        return None
    return node.trouble or delivery.detail or delivery.state


@dataclass(frozen=True)
class Distribution:
    """A distribution that is not complete; `seconds` since its start, by the database's clock, which may have been set back;
    `has_failed`: it was reported as failed already."""

    configuration: str
    version: int
    digest: str
    seconds: float
    has_failed: bool

    def ending(self, standing: Standing, timeout: float, due: Standing | None = None) -> Ending | None:
        """What is to be said of it now, None for nothing. It fails once, after `timeout` seconds, and may complete later.
        `due`: of the nodes that were to have it by now, if those are not all; where none of them lacks it, no time runs out."""
        if standing.is_complete:
            return "completed"
        if due is not None and not due.missing:
            return None
        in_time = -timeout < self.seconds < timeout
        return None if in_time or self.has_failed else "failed"
