"""The seam between players and those who run games.

Errors: PlayerError, when a player has no move to give. Nobody plays in its place.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from play.games.game import Float64s, Game, Int64s, Moves, States


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


class Weighed(NamedTuple):
    """Choices in K games with what they were made by."""

    chosen: Int64s  # [K], as `Player.choose`
    preferences: (
        Float64s  # [total]: of each legal move, games end to end; nearly equal ones are nearly equally preferred
    )
    tie: Float64s  # [K]: preferences that differ by less may change places on another machine


@runtime_checkable
class WeighingPlayer(Player, Protocol):
    """A player that rounding may sway, and that tells how nearly."""

    def weigh(self, game: Game, states: States, which: Int64s, moves: Moves) -> Weighed:
        """The choices of `choose` with their reasons; the same errors."""
