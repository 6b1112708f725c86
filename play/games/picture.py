"""Positions as boards of cells with pieces, for games that can be shown so. How they look is left to who draws them."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from play.games.game import Int16s, Int64s, States
from shared.contract.replay import BoardPiece, Layout, SeatStanding


@runtime_checkable
class Pictured(Protocol):
    """A game whose positions are pieces on the cells of a board."""

    def layout(self) -> Layout:
        """Its board."""

    def cells(self, states: States, index: int) -> Int64s:
        """int64[cells, facts] of one game: numbers that differ where, and only where, something else lies on a cell."""

    def piece(self, facts: Int64s) -> BoardPiece | None:
        """What a row of `cells` says lies there."""

    def standings(self, states: States, index: int) -> list[SeatStanding]:
        """What each seat of one game has."""

    def between(self, row: Int16s) -> list[int]:
        """The cells that a move names, where it came from first; none for a pass."""
