"""The state and the move record of the slow reference engine, with fingerprints and hashes.

Sections 0.2, 3 and 17 of the rules. Cells are key strings, stacks are lists of seats from bottom to top, and
dictionaries keep the order in which things were put on the board, which two corners of the rules refer to.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.play.games.oracle_board import OracleBoard

MASK = 0xFFFFFFFF
CAPTURES = ("overtaking_capture", "continue_capture_segment")


@dataclass(frozen=True)
class Options:
    """Where the three profiles differ (section 0.2)."""

    markers_block_plain_region: bool
    tallest_placement_admits_lower: bool
    loose_skip_probe: bool
    process_overlength: bool


PROFILES = {
    "ref": Options(True, True, True, True),
    "canonical": Options(False, True, True, True),
    "strict": Options(False, False, False, False),
}


class Move(NamedTuple):
    """One move with its whole payload; `key` is its name in the traces (section 22.7).

    `payment` is the stack that a recovery extracts from; `context` is what an elimination pays for: `line`,
    `territory` or `recovery`, and nothing (the whole cap) when a record does not say.
    """

    kind: str
    source: str = ""
    over: str = ""
    to: str = ""
    number: int = 1
    line: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()
    mode: str = ""
    option: int = 0
    payment: str = ""
    context: str = ""

    @property
    def key(self) -> str:
        parts: tuple[str, ...] = ()
        if self.kind == "place_ring":
            parts = (self.to, str(self.number))
        elif self.kind == "move_stack":
            parts = (self.source, self.to)
        elif self.kind in CAPTURES:
            parts = (self.source, self.over, self.to)
        elif self.kind == "process_line":
            parts = (joined(self.line),)
        elif self.kind == "choose_line_option":
            parts = (joined(self.line), joined(self.cells))
        elif self.kind == "choose_territory_option":
            parts = (joined(self.cells),)
        elif self.kind in ("eliminate_rings_from_stack", "forced_elimination"):
            parts = (self.to,)
        elif self.kind == "recovery_slide":
            parts = (self.mode, self.source, self.to, str(self.option))
        return "|".join((self.kind, *parts))


def joined(cells: Iterable[str]) -> str:
    """A set of cells as move keys write it."""
    return " ".join(sorted(cells))


@dataclass
class Position:
    """A game in play. `hand`, `credit` and `territory` are indexed by seat (1-based; entry 0 is unused)."""

    board: OracleBoard
    seats: int
    options: Options
    supply: int
    ring_target: int
    territory_target: int
    hand: list[int]
    credit: list[int]
    territory: list[int]
    total: int = 0
    lps_required: int = 3
    swap_enabled: bool = False
    stacks: dict[str, list[int]] = field(default_factory=dict)
    markers: dict[str, int] = field(default_factory=dict)
    collapsed: dict[str, int] = field(default_factory=dict)
    mover: int = 1
    phase: str = "ring_placement"
    status: str = "active"
    winner: int | None = None
    must: str = ""
    active_cell: str = ""
    pending_line: bool = False
    pending_territory: bool = False
    acted: bool = False
    recovered: bool = False
    last_actor: int = 0
    moved: set[int] = field(default_factory=set)
    swapped: bool = False
    lps_first: int = 0
    lps_mask: dict[int, bool] = field(default_factory=dict)
    streak_seat: int = 0
    streak: int = 0

    @property
    def line_length(self) -> int:
        return self.board.line_length(self.seats)

    def everyone(self) -> range:
        return range(1, self.seats + 1)

    def controlled(self, seat: int) -> list[str]:
        return [cell for cell, rings in self.stacks.items() if rings[-1] == seat]

    def has_rings(self, seat: int) -> bool:
        return self.hand[seat] > 0 or any(seat in rings for rings in self.stacks.values())

    def buried(self, seat: int) -> list[str]:
        """Stacks that hold a ring of `seat` below their top ring."""
        return [cell for cell, rings in self.stacks.items() if seat in rings[:-1]]

    def can_recover(self, seat: int) -> bool:
        return not self.controlled(seat) and seat in self.markers.values() and bool(self.buried(seat))

    def book(self, rings: int) -> None:
        """Every eliminated ring is the mover's credit, whatever its colour (section 3.3)."""
        self.credit[self.mover] += rings
        self.total += rings

    def remove(self, cell: str, index: int) -> int:
        """Take one ring out of a stack and return its colour; an emptied stack leaves an empty cell."""
        rings = self.stacks[cell]
        colour = rings.pop(index)
        if not rings:
            del self.stacks[cell]
        return colour

    def collapse(self, cells: Iterable[str]) -> None:
        for cell in cells:
            self.markers.pop(cell, None)
            self.collapsed[cell] = self.mover
            self.territory[self.mover] += 1

    def progress(self) -> int:
        """The measure S of section 17.3."""
        return len(self.markers) + len(self.collapsed) + self.total

    def rings(self) -> str:
        return "|".join(sorted(f"{cell}:{''.join(map(str, reversed(r)))}" for cell, r in self.stacks.items()))

    def fingerprint(self) -> str:
        """Section 17.1."""
        over = self.status != "active"
        meta = f"{0 if over else self.mover}:{self.phase}:{self.status}:{int(self.pending_line)}"
        parts = (
            [f"{seat}:{self.hand[seat]}:{self.credit[seat]}:{self.territory[seat]}" for seat in self.everyone()],
            [f"{cell}:{rings[-1]}:{len(rings)}:{cap(rings)}" for cell, rings in self.stacks.items()],
            [f"{cell}:{owner}" for cell, owner in self.markers.items()],
            [f"{cell}:{owner}" for cell, owner in self.collapsed.items()],
        )
        return "#".join([meta, *("|".join(sorted(part)) for part in parts)])


def cap(rings: list[int]) -> int:
    """Length of the run of equal colours that starts at the top."""
    height = 1
    while height < len(rings) and rings[-height - 1] == rings[-1]:
        height += 1
    return height


def compact_hash(fingerprint: str) -> str:
    """Section 17.2: 64 bits as 16 hexadecimal digits."""
    a, b = 0xDEADBEEF, 0x41C6CE57
    for character in fingerprint:
        a = ((a ^ ord(character)) * 2654435761) & MASK
        b = ((b ^ ord(character)) * 1597334677) & MASK
    a, b = (
        (((a ^ (a >> 16)) * 2246822507) ^ ((b ^ (b >> 13)) * 3266489909)) & MASK,
        ((b ^ (b >> 16)) * 2246822507) & MASK,
    )
    b = (b ^ ((a ^ (a >> 13)) * 3266489909)) & MASK
    return f"{b:08x}{a:08x}"
