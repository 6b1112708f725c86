"""Search trees of several games at once: flat arrays of nodes and edges, and the rule of PUCT.

Selection follows AlphaZero (Silver et al., 2018), with the value of every seat in place of one number, so that each decision is
looked at from the seat that makes it. Knows nothing of games, networks or compilers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from play.games.game import Float64s, Int16s, Int64s

Rule: TypeAlias = Callable[[Int64s, Int64s, Float64s, Float64s, Int64s, Float64s], Int64s]
"""The edge to follow from each of K nodes, by their first edges and worth and the edges' prior, visits and total, as in `Forest`.
"""

EXPLORATION = 0.8  # weight of the prior; values lie in [0, 1]
UNTRIED_LOSS = 0.1  # a move not yet tried is taken to be worth this much less than its position


def best_edges(
    nodes: Int64s, first: Int64s, worth: Float64s, prior: Float64s, visits: Int64s, total: Float64s
) -> Int64s:
    """int64[K]: the edge of each node with the highest mean value plus what its prior still promises; the first of several."""
    counts = first[nodes + 1] - first[nodes]
    ends = np.cumsum(counts)
    starts = ends - counts
    edges = np.arange(ends[-1]) + np.repeat(first[nodes] - starts, counts)
    tried = visits[edges]
    urge = EXPLORATION * np.sqrt(np.add.reduceat(tried, starts) + 1.0)
    mean = np.where(tried > 0, total[edges] / np.maximum(tried, 1), np.repeat(worth[nodes] - UNTRIED_LOSS, counts))
    promise = mean + np.repeat(urge, counts) * prior[edges] / (1 + tried)
    best = np.flatnonzero(promise == np.repeat(np.maximum.reduceat(promise, starts), counts))
    chosen: Int64s = edges[best[np.searchsorted(best, starts)]]
    return chosen


class Forest:
    """A tree for each of K games; node k is the root of tree k.

    rows: int16[E, 4], prior: float64[E], visits: int64[E], total: float64[E] (summed value for the seat that decides)
    and child: int64[E] (-1 where nothing follows yet) are about edges; the edges of a node lie end to end.
    """

    def __init__(self, nodes: int) -> None:
        """Room for this many nodes; edges grow as they come."""
        self.nodes = 0
        self._first = np.zeros(nodes + 1, np.int64)
        self._seat = np.zeros(nodes, np.int64)
        self._worth = np.zeros(nodes)
        self.rows = np.empty((0, 4), np.int16)
        self.prior = np.empty(0)
        self.visits = np.empty(0, np.int64)
        self.total = np.empty(0)
        self.child = np.empty(0, np.int64)

    def grow(self, seats: Int64s, worth: Float64s, rows: Int16s, offsets: Int64s, prior: Float64s) -> Int64s:
        """int64[K]: new nodes, decided by `seats`, worth so much to them, with their moves and the moves' priors."""
        new = np.arange(self.nodes, self.nodes + len(seats))
        start, end = int(self._first[self.nodes]), int(self._first[self.nodes] + offsets[-1])
        self._make_room(end)
        self._first[new + 1] = start + offsets[1:]
        self._seat[new], self._worth[new] = seats, worth
        self.rows[start:end], self.prior[start:end] = rows, prior
        self.nodes += len(seats)
        return new

    def select(self, nodes: Int64s, rule: Rule) -> Int64s:
        """The edge to follow from each node, by a rule."""
        return rule(nodes, self._first, self._worth, self.prior, self.visits, self.total)

    def seats(self, nodes: Int64s) -> Int64s:
        """The seat that decides at each node."""
        return self._seat[nodes]

    def worth(self, nodes: Int64s) -> Float64s:
        """What the evaluator said each node's position is worth to the seat that decides there."""
        return self._worth[nodes]

    def edges_of(self, count: int) -> slice:
        """Where the edges of the first `count` nodes lie."""
        return slice(0, int(self._first[count]))

    def _make_room(self, edges: int) -> None:
        """Lengthen the edge arrays, at least to double, so that growing stays cheap."""
        if edges <= len(self.prior):
            return
        added = max(edges, 2 * len(self.prior)) - len(self.prior)
        self.rows = np.concatenate([self.rows, np.zeros((added, 4), np.int16)])
        self.prior = np.concatenate([self.prior, np.zeros(added)])
        self.visits = np.concatenate([self.visits, np.zeros(added, np.int64)])
        self.total = np.concatenate([self.total, np.zeros(added)])
        self.child = np.concatenate([self.child, np.full(added, -1)])
