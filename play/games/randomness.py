"""Numbers by seed and counter, for games: a draw depends on nothing but its own game's two, whatever is beside it in the batch."""

from __future__ import annotations

import numpy as np

from play.games.game import Float64s, Int64s

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(seeds: Int64s, counters: Int64s) -> Float64s:
    """float64[K] in [0, 1) for int64[K] seeds and counters: splitmix64 (Steele et al., 2014) of the seed, then of the counter."""
    mixed = _mix(_mix(seeds.astype(np.uint64)) + counters.astype(np.uint64))
    return np.asarray((mixed >> np.uint64(11)) * 2.0**-53)


def _mix(values: np.ndarray) -> np.ndarray:
    mixed = values + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
