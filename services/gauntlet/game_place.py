"""Where a game is among those of its evaluation, as lists go on after it: `heuristic:12`. Pure."""

from __future__ import annotations

from typing import NamedTuple

from play.record import PlayedGame


class GamePlace(NamedTuple):
    """The opponent, and the place in its schedule."""

    opponent: str
    place: int

    @classmethod
    def of(cls, game: PlayedGame) -> GamePlace:
        """A game's own."""
        return cls(game.opponent, game.index)

    @classmethod
    def parse(cls, text: str) -> GamePlace:
        """Read what `str` wrote."""
        opponent, index = text.split(":")
        return cls(opponent, int(index))

    def __str__(self) -> str:
        return f"{self.opponent}:{self.place}"
