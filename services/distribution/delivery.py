"""What a delivery is, and how a node's own report decides its state. Pure: no I/O, no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DeliveryState(StrEnum):
    """The states of a delivery; `superseded` is one that a higher version overtook."""

    PENDING = "pending"
    FETCHING = "fetching"
    DELIVERED = "delivered"
    SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Node:
    """A machine with an agent, as registered."""

    name: str
    url: str


@dataclass(frozen=True)
class Head:
    """The desired version of a configuration; `size` in bytes."""

    configuration: str
    version: int
    digest: str
    size: int


@dataclass(frozen=True)
class Held:
    """What a node says is on its disk: version, and SHA-256 and size of the bytes."""

    version: int
    digest: str
    size: int


@dataclass(frozen=True)
class Fetch:
    """A node's newest transfer for a configuration; `error` is set when it failed."""

    version: int
    digest: str
    bytes_done: int
    error: str | None = None


@dataclass(frozen=True)
class Report:
    """What a node says of itself, by configuration."""

    node: str
    models: Mapping[str, Held] = field(default_factory=dict)
    fetches: Mapping[str, Fetch] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far one delivery has come, by the node's report."""

    head: Head
    state: DeliveryState
    bytes_done: int
    detail: str | None = None


def assess(head: Head, report: Report) -> Progress:
    """The state of the delivery of `head` to the node that made the report; only the digest on its disk makes it delivered."""
    held, fetch = report.models.get(head.configuration), report.fetches.get(head.configuration)
    if held is not None and (held.version, held.digest) == (head.version, head.digest):
        return Progress(head, DeliveryState.DELIVERED, held.size)
    if fetch is not None and (fetch.version, fetch.digest) == (head.version, head.digest):
        if fetch.error is None:
            return Progress(head, DeliveryState.FETCHING, fetch.bytes_done)
        return Progress(head, DeliveryState.PENDING, fetch.bytes_done, fetch.error)
    detail = f"the node holds version {held.version}" if held else "the node does not hold this model"
    return Progress(head, DeliveryState.PENDING, 0, detail)
