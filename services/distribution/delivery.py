"""A delivery: one version on its way to one node, its states, and who may move them. Pure: no I/O, no time.

pending, fetching, delivered     the node's own report moves between these, in any direction
pending, fetching -> pending     a visit that failed
any of the three  -> pending     an operator's request to prove it again
pending, fetching -> superseded  a higher version; an end, which nothing leaves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from services.distribution.node import Fetch, Held, Node, Report
from shared.contract.words import DeliveryState

UNFINISHED = frozenset({DeliveryState.PENDING, DeliveryState.FETCHING})


@dataclass(frozen=True)
class Head:
    """The desired version of a configuration; `size` in bytes; `epoch`: of the ledger that names it."""

    configuration: str
    version: int
    digest: str
    size: int
    epoch: int = 0

    def __str__(self) -> str:
        return f"version {self.version} of {self.configuration} with digest {self.digest}"

    def is_in(self, place: Held | Fetch) -> bool:
        """Whether this is what a node holds or fetches. One of an earlier epoch it has to be told of anew, or it would take its
        versions for higher ones."""
        return (place.epoch, place.version, place.digest) == (self.epoch, self.version, self.digest)


class Desired(NamedTuple):
    """Every node, every desired version, and which nodes may not be ordered one yet: the reason, by configuration and node."""

    nodes: Sequence[Node]
    heads: Sequence[Head]
    withheld: Mapping[str, Mapping[str, str]]

    def why_withheld(self, node: str) -> Mapping[str, str]:
        """Why a node may not be ordered a version yet, by configuration."""
        return {key: reasons[node] for key, reasons in self.withheld.items() if node in reasons}


class DeliveryKey(NamedTuple):
    """Which delivery it is, as lists go on after it: `hex8_2p:7:node-1`."""

    configuration: str
    version: int
    node: str

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryKey:
        """A delivery's own."""
        return cls(delivery.configuration, delivery.version, delivery.node)

    @classmethod
    def parse(cls, text: str) -> DeliveryKey:
        """Read what `str` wrote."""
        configuration, version, node = text.split(":")
        return cls(configuration, int(version), node)

    def __str__(self) -> str:
        return f"{self.configuration}:{self.version}:{self.node}"


class Sources(NamedTuple):
    """Bytes of one version that other nodes sent to a node, and the distribution service or its artifact store."""

    from_peers: int
    from_service: int


@dataclass(frozen=True)
class Progress:
    """How far one delivery has come, by the node's report."""

    head: Head
    state: DeliveryState
    bytes_done: int
    detail: str | None = None
    played: bool = False
    sources: Sources | None = None

    @property
    def is_there(self) -> bool:
        """Whether the node holds the version."""
        return self.state is DeliveryState.DELIVERED


@dataclass(frozen=True)
class Delivery:
    """One version on its way to one node."""

    configuration: str
    version: int
    node: str
    digest: str
    size: int
    state: DeliveryState
    bytes_done: int
    detail: str | None
    created_at: datetime
    updated_at: datetime
    delivered_at: datetime | None
    played: bool = False
    played_at: datetime | None = None
    from_peers: int = 0
    from_service: int = 0
    bytes_per_second: int | None = None

    @property
    def key(self) -> DeliveryKey:
        """Which delivery it is."""
        return DeliveryKey.of(self)

    @property
    def is_delivered(self) -> bool:
        """Whether the node's last report showed the version on its disk."""
        return self.state is DeliveryState.DELIVERED

    def progressed(self, progress: Progress) -> Delivery:
        """Moved by the node's own report."""
        if self.state is DeliveryState.SUPERSEDED:
            return self
        from_peers, from_service = progress.sources or (self.from_peers, self.from_service)
        return replace(
            self, state=progress.state, bytes_done=progress.bytes_done, detail=progress.detail, played=progress.played,
            from_peers=from_peers, from_service=from_service,
        )  # fmt: skip

    def unreached(self, reason: str) -> Delivery:
        """Moved by a visit that failed; what was delivered is still on the node's disk, for all that is known."""
        return replace(self, state=DeliveryState.PENDING, detail=reason) if self.state in UNFINISHED else self

    def reopened(self) -> Delivery:
        """Moved by a request: the node has to prove again that it holds the version."""
        if self.state is DeliveryState.SUPERSEDED:
            return self
        return replace(
            self, state=DeliveryState.PENDING, bytes_done=0, detail="reopened by request", delivered_at=None,
            played=False,
        )  # fmt: skip

    def superseded_by(self, version: int) -> Delivery:
        """Moved by a higher version, which the node gets instead."""
        if self.state not in UNFINISHED or version <= self.version:
            return self
        return replace(self, state=DeliveryState.SUPERSEDED, detail=f"superseded by version {version}")


def assess(head: Head, report: Report) -> Progress:
    """The state of the delivery of `head` to the node that made the report; only the digest on its disk makes it delivered."""
    held, fetch = report.models.get(head.configuration), report.fetches.get(head.configuration)
    sources = _sources(head, report)
    if held is not None and head.is_in(held):
        reload = report.reloads.get(head.configuration)
        taken_up = reload is not None and reload.error is None
        played = reload is not None and taken_up and (reload.version, reload.digest) == (head.version, head.digest)
        return Progress(head, DeliveryState.DELIVERED, held.size, played=played, sources=sources)
    if fetch is not None and head.is_in(fetch):
        if fetch.error is None:
            return Progress(head, DeliveryState.FETCHING, fetch.bytes_done, sources=sources)
        return Progress(head, DeliveryState.PENDING, fetch.bytes_done, fetch.error, sources=sources)
    detail = f"the node holds version {held.version}" if held else "the node does not hold this model"
    return Progress(head, DeliveryState.PENDING, 0, detail)


def _sources(head: Head, report: Report) -> Sources | None:
    """Where the bytes came from, None if the node does not say."""
    for fetch in (report.fetches.get(head.configuration), report.fetched.get(head.configuration)):
        if fetch is not None and head.is_in(fetch):
            return Sources(fetch.from_peers, fetch.from_service)
    return None
