"""Geometry and constants of the four boards, for the slow reference engine of the tests.

Written from sections 1 and 2 of the rules. It shares nothing with the compiled engine and must never import it:
two engines that agree are only evidence while they have no code in common.
"""

from dataclasses import dataclass
from functools import cache

Step = tuple[int, int]

# A board's shape: "square" with its side, or "hex" with its radius; then the ring supply of a seat.
SHAPES: dict[str, tuple[str, int, int]] = {
    "square8": ("square", 8, 18),
    "square19": ("square", 19, 72),
    "hex8": ("hex", 4, 18),
    "hexagonal": ("hex", 12, 96),
}
BOARD_NAMES = tuple(SHAPES)

# Line axes first (in the order that recovery tries them), then the same directions reversed.
SQUARE_AXES: tuple[Step, ...] = ((1, 0), (1, 1), (0, 1), (1, -1))
HEX_AXES: tuple[Step, ...] = ((1, 0), (1, -1), (0, -1))
ORTHOGONAL: tuple[Step, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1))
COMPASS: tuple[Step, ...] = tuple((dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0))


@dataclass(frozen=True)
class OracleBoard:
    """Cells are their key strings (`"x,y"` or `"x,y,z"`); every relation is a table of such strings."""

    name: str
    supply: int
    axes: int
    cells: tuple[str, ...]
    rays: dict[str, tuple[tuple[str, ...], ...]]
    territory: dict[str, tuple[str, ...]]
    growth: dict[str, tuple[str, ...]]

    def line_length(self, seats: int) -> int:
        """Section 1.2: three on the small boards with three or four seats, else four."""
        return 3 if self.name in ("square8", "hex8") and seats >= 3 else 4

    def ring_target(self, seats: int, supply: int) -> int:
        """Rings to eliminate for a win: round(supply * (2/3 + (seats - 1) / 3)), in whole numbers."""
        return round(supply * (seats + 1) / 3)

    def territory_target(self, seats: int) -> int:
        return len(self.cells) // seats + 1


def key(shape: str, x: int, y: int) -> str:
    """The key string of a cell; the third hexagonal coordinate is implied."""
    return f"{x},{y}" if shape == "square" else f"{x},{y},{-x - y}"


def reverse(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same directions, pointing back."""
    return tuple((-dx, -dy) for dx, dy in steps)


@cache
def oracle_board(name: str) -> OracleBoard:
    """The tables of one board."""
    shape, size, supply = SHAPES[name]
    if shape == "square":
        places = {(x, y) for x in range(size) for y in range(size)}
        axes, area = SQUARE_AXES, ORTHOGONAL
    else:
        span = range(-size, size + 1)
        places = {(x, y) for x in span for y in span if abs(x + y) <= size}
        axes, area = HEX_AXES, HEX_AXES + reverse(HEX_AXES)
    # Section 2.3: hex8 grows borders by the square neighbour table, the large hexagon not at all.
    grow = () if name == "hexagonal" else COMPASS

    def ray(x: int, y: int, dx: int, dy: int) -> tuple[str, ...]:
        found = []
        while (x := x + dx, y := y + dy) in places:
            found.append(key(shape, x, y))
        return tuple(found)

    def near(x: int, y: int, steps: tuple[Step, ...]) -> tuple[str, ...]:
        return tuple(key(shape, x + dx, y + dy) for dx, dy in steps if (x + dx, y + dy) in places)

    order = sorted(places, key=lambda place: (place[1], place[0]))
    return OracleBoard(
        name=name,
        supply=supply,
        axes=len(axes),
        cells=tuple(key(shape, x, y) for x, y in order),
        rays={key(shape, x, y): tuple(ray(x, y, dx, dy) for dx, dy in axes + reverse(axes)) for x, y in order},
        territory={key(shape, x, y): near(x, y, area) for x, y in order},
        growth={key(shape, x, y): near(x, y, grow) for x, y in order},
    )
