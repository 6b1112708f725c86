"""Arithmetic of a stack packed into one integer: two bits a ring, the top ring in the lowest bits (section 3.2).

31 rings fit an int64. No stack grows past that in play: a stack needs a distance of at least its height to capture,
so it never exceeds the longest line of a board (25) by more than one ring. Loaders check states from outside.
"""

from play.games.ringrift.jit import leaf_kernel

MAX_HEIGHT = 31


@leaf_kernel
def cap_of(rings: int, height: int) -> int:
    """How many equal rings lie at the top."""
    top = rings & 3
    cap = 0
    while cap < height and (rings >> (2 * cap)) & 3 == top:
        cap += 1
    return cap


@leaf_kernel
def push_bottom(rings: int, height: int, colour: int) -> int:
    """The stack with one more ring under everything."""
    return rings | (colour << (2 * height))


@leaf_kernel
def lowest_of(rings: int, height: int, colour: int) -> int:
    """Depth below the top (0 = top) of the ring of a colour nearest the bottom; -1 if there is none."""
    depth = height - 1
    while depth >= 0 and (rings >> (2 * depth)) & 3 != colour:
        depth -= 1
    return depth


@leaf_kernel
def drop(rings: int, depth: int) -> int:
    """The stack without the ring at a depth."""
    below = (rings >> (2 * depth + 2)) << (2 * depth)
    return below | (rings & ((1 << (2 * depth)) - 1))
