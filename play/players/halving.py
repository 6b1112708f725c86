"""The rules of planning with Gumbel noise: pure arithmetic.

Source: Danihelka et al., Policy improvement by planning with Gumbel, ICLR 2022. Values lie in [0, 1], as here they do anyway.
Knows nothing of games, networks or trees beyond their arrays.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from play.games.game import Float64s, Int64s
from play.players.choice import highest, softmax

CONSIDERED = 16
"""Moves that are compared at the root at most, as in the paper's experiments on Go and chess."""
VISIT_SCALE, VALUE_SCALE = 50.0, 1.0
"""c_visit and c_scale of the paper's sigma."""
_TINY = 1e-300


@cache
def considered_visits(moves: int, simulations: int) -> tuple[int, ...]:
    """For each simulation how many visits the move has that it goes to, where so many moves are compared by sequential halving."""
    if moves <= 1:
        return tuple(range(simulations))
    phases, left, visits = math.ceil(math.log2(moves)), moves, [0] * moves
    found: list[int] = []
    while len(found) < simulations:
        for _ in range(max(1, simulations // (phases * left))):
            found += visits[:left]
            visits[:left] = [each + 1 for each in visits[:left]]
        left = max(2, left // 2)
    return tuple(found[:simulations])


def completed(offsets: Int64s, worth: Float64s, prior: Float64s, visits: Int64s, total: Float64s) -> Float64s:
    """float64[total]: the mean value of each tried move; of one that was not, the paper's mixture of the position's own value and
    those of the tried ones."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    mean = total / np.maximum(visits, 1)
    weight = np.where(visits > 0, prior + _TINY, 0.0)
    known, spent = np.add.reduceat(weight, starts), np.add.reduceat(visits, starts)
    expected = np.add.reduceat(weight * mean, starts) / np.where(known > 0, known, 1.0)
    mixed = (worth + spent * expected) / (1 + spent)
    return np.where(visits > 0, mean, np.repeat(mixed, counts))


def improved(offsets: Int64s, worth: Float64s, prior: Float64s, visits: Int64s, total: Float64s) -> Float64s:
    """float64[total]: the logits of the improved policy, log prior + sigma(completed values)."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    scale = VALUE_SCALE * (VISIT_SCALE + np.maximum.reduceat(visits, starts))
    return np.log(prior + _TINY) + np.repeat(scale, counts) * completed(offsets, worth, prior, visits, total)


def improved_edges(
    nodes: Int64s, first: Int64s, worth: Float64s, prior: Float64s, visits: Int64s, total: Float64s
) -> Int64s:
    """int64[K]: the edge of each node whose visits lag most behind the improved policy; the first of several."""
    counts = first[nodes + 1] - first[nodes]
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    edges = np.arange(offsets[-1]) + np.repeat(first[nodes] - offsets[:-1], counts)
    tried = visits[edges]
    wanted = softmax(improved(offsets, worth[nodes], prior[edges], tried, total[edges]), offsets)
    spent = np.repeat(np.add.reduceat(tried, offsets[:-1]), counts)
    return np.asarray(first[nodes] + highest(wanted - tried / (1 + spent), offsets))


def gumbel_noise(seeds: Int64s, offsets: Int64s) -> Float64s:
    """float64[total]: standard Gumbel noise for each game's moves, a function of the game's seed and the move's place alone."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    places = np.arange(offsets[-1]) - np.repeat(starts, counts) + 1
    mixed = np.repeat(seeds.astype(np.uint64), counts) + places.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):  # splitmix64
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    uniform = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) / 2**53
    return np.asarray(-np.log(-np.log(uniform)))
