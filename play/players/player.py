"""The seam between players and those who run games.

Errors: PlayerError, when a player has no move to give. Nobody plays in its place.
"""

from __future__ import annotations

from typing import Protocol

from play.games.game import Game, Int64s, Moves, States


class PlayerError(Exception):
    """A player cannot move in some games. indices: those games, as they were named in `which`."""

    def __init__(self, indices: Int64s, reason: str) -> None:
        super().__init__(reason)
        self.indices = indices
        self.reason = reason


class Player(Protocol):
    """Chooses moves. A choice depends on the game's position and its own random counter, not on the rest of the batch."""

    @property
    def name(self) -> str: ...

    def choose(self, game: Game, states: States, which: Int64s, moves: Moves) -> Int64s:
        """int64[K]: for each of the K named games, the place of the chosen move among that game's legal moves.

        May advance the random counters of the named games and changes nothing else in them.
        Raises PlayerError for games in which it has no move.
        """
