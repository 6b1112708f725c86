"""Who is offered to whom as a peer: a sparse random graph of the nodes that take part in the swarm. Pure: no I/O, no time."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

MOST_OFFERED = 16
"""Peers that a node is offered: with so many a random graph is as good as a full one."""
ALL_SEEDED, FIRST_SEEDED = 32, 16
"""Up to so many nodes all are offered the service; where there are more, the first that ask."""
MOST_REMEMBERED = 100

Endpoint = tuple[str, int]


class Choice(NamedTuple):
    """What a node is offered: peers, whether the service is one, and which pieces to begin with."""

    peers: list[Endpoint]
    is_seeded: bool
    slice: int
    slices: int


@dataclass
class SwarmNodes:
    """The nodes that take part, each where it said. `random` draws the peers."""

    random: random.Random

    def __post_init__(self) -> None:
        """Nobody, at first."""
        self._endpoints: dict[str, Endpoint] = {}
        self._seeded: dict[str, set[str]] = {}

    def saw(self, node: str, endpoint: Endpoint | None) -> None:
        """A node answered, and takes part there, or does not."""
        if endpoint is None:
            self._endpoints.pop(node, None)
        else:
            self._endpoints[node] = endpoint

    def lost(self, node: str) -> None:
        """A node does not answer: nobody is sent to it."""
        self._endpoints.pop(node, None)

    def keep_only(self, nodes: Collection[str]) -> None:
        """Forget the nodes that are not registered any more."""
        self._endpoints = {name: endpoint for name, endpoint in self._endpoints.items() if name in nodes}

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """Where each is."""
        return self._endpoints

    def choose(self, node: str, digest: str) -> Choice | None:
        """What a node is offered; None if it does not take part, or is alone."""
        names = sorted(self._endpoints)
        if node not in self._endpoints or len(names) < 2:
            return None
        others = [name for name in names if name != node]
        peers = self.random.sample(others, min(MOST_OFFERED, len(others)))
        return Choice(
            [self._endpoints[name] for name in peers], self._is_seeded(node, digest), names.index(node), len(names)
        )

    def _is_seeded(self, node: str, digest: str) -> bool:
        seeded = self._seeded.setdefault(digest, set())
        if len(self._seeded) > MOST_REMEMBERED:
            self._seeded.pop(next(iter(self._seeded)))
        if len(self._endpoints) <= ALL_SEEDED or len(seeded) < FIRST_SEEDED:
            seeded.add(node)
        return node in seeded
