"""Random numbers from the games' own counters, so that a choice does not depend on the games beside it."""

import numpy as np
from numpy.typing import NDArray

from play.games.ringrift.jit import kernel
from play.games.ringrift.state import State, one, random_below

RESOLUTION = 1 << 30


@kernel
def uniform_draws(state: State, which: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64[K]: a number in [0, 1) for each of the named games; advances their counters by one."""
    drawn = np.empty(len(which), np.float64)
    for index in range(len(which)):
        drawn[index] = random_below(one(state, int(which[index])), RESOLUTION) / RESOLUTION
    return drawn
