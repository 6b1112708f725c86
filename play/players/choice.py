"""Softmax and choice over the moves of several games lying end to end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from play.games.game import Bools, Float64s, Int64s


def softmax(logits: Float64s, offsets: Int64s) -> Float64s:
    """float64[total]: probabilities that sum to 1 within each game's moves; no game may be without moves."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    weights = np.exp(logits - np.repeat(np.maximum.reduceat(logits, starts), counts))
    return np.asarray(weights / np.repeat(np.add.reduceat(weights, starts), counts))


def highest(preferences: Float64s | Bools, offsets: Int64s) -> Int64s:
    """int64[K]: the place of each game's most preferred move; the first of several."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    best = np.flatnonzero(preferences == np.repeat(np.maximum.reduceat(preferences, starts), counts))
    return np.asarray(best[np.searchsorted(best, starts)] - starts)


def closeness(chances: Float64s, offsets: Int64s, drawn: Float64s) -> Float64s:
    """float64[total]: how far each game's draw lies inside the part of [0, 1) that a move has; negative: outside."""
    starts, counts = offsets[:-1], offsets[1:] - offsets[:-1]
    upto = chances.cumsum()
    before = np.repeat(upto[starts] - chances[starts], counts)
    draws = np.repeat(drawn, counts)
    return np.minimum(draws - (upto - chances - before), upto - before - draws)


def sampled(logits: Float64s, offsets: Int64s, temperature: float, drawn: Float64s) -> Int64s:
    """int64[K]: a move of each game with probability softmax(logits / temperature); drawn: float64[K] in [0, 1), one for each."""
    chances = softmax(logits / temperature, offsets)
    return np.array(
        [
            min(int(np.searchsorted(chances[start:end].cumsum(), draw, side="right")), int(end - start) - 1)
            for (start, end), draw in zip(pairwise(offsets), drawn, strict=True)
        ],
        np.int64,
    )
