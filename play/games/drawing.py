"""Positions as lines of text for a terminal, for games that have a drawing. Colours are left to who prints; nothing needs them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from play.games.game import Int16s, States

WIDTH = 80
"""Columns of the widest line."""


class Piece(NamedTuple):
    """A part of a line. `seat`: whose it is, 0-based, for whoever has colours; None for nobody's."""

    text: str
    seat: int | None = None


Line: TypeAlias = list[Piece]


@runtime_checkable
class Drawn(Protocol):
    """A game whose positions can be drawn."""

    def draw(self, states: States, index: int, row: Int16s | None = None) -> list[Line]:
        """One game's position in lines of at most WIDTH columns; `row`, the decision that led to it, is marked."""


def plain(lines: Iterable[Line]) -> str:
    """The lines without colours, each without spaces at its end."""
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)
