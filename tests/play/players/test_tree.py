"""The search tree's choice of an edge, against the rule written out."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from play.players.tree import EXPLORATION, UNTRIED_LOSS, best_edges

EDGE = st.tuples(st.sampled_from([0.0, 0.125, 0.25, 0.5]), st.integers(0, 3), st.sampled_from([0.0, 0.5, 1.0, 1.5]))
NODES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5]), st.lists(EDGE, min_size=1, max_size=6)), min_size=1, max_size=5
)


def by_the_rule(worth: float, edges: list[tuple[float, int, float]]) -> int:
    """The place of the edge with the highest mean value plus what its prior promises; the first of several."""
    urge = EXPLORATION * math.sqrt(sum(visits for _, visits, _ in edges) + 1.0)
    promises = [
        (total / visits if visits else worth - UNTRIED_LOSS) + urge * prior / (1 + visits)
        for prior, visits, total in edges
    ]
    return promises.index(max(promises))


@given(NODES, st.data())
def test_the_best_edge_follows_the_rule(
    nodes: list[tuple[float, list[tuple[float, int, float]]]], data: st.DataObject
) -> None:
    """For any nodes in any order, also one asked about twice, ties going to the first edge."""
    asked = data.draw(st.lists(st.integers(0, len(nodes) - 1), min_size=1, max_size=8))
    first = np.cumsum([0, *(len(edges) for _, edges in nodes)])
    prior, visits, total = (np.array([edge[part] for _, edges in nodes for edge in edges]) for part in range(3))
    worth = np.array([worth for worth, _ in nodes])
    chosen = best_edges(np.array(asked), first, worth, prior, visits.astype(np.int64), total)
    assert chosen.tolist() == [int(first[node]) + by_the_rule(*nodes[node]) for node in asked]
