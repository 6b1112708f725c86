"""Which games exist, by configuration. Builds nothing twice."""

from functools import cache

from play.games.ringrift.boards import BOARD_TYPES, PLAYER_COUNTS, PROFILES
from play.games.ringrift.engine import RingRift

__all__ = ["BOARD_TYPES", "PLAYER_COUNTS", "PROFILES", "get_game"]


@cache
def get_game(board_type: str, num_players: int, profile: str = "canonical") -> RingRift:
    """The rules of one configuration. ValueError names the valid choices when there is no such game."""
    return RingRift(board_type, num_players, profile)
