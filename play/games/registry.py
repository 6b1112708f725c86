"""Which games exist, by configuration: RingRift, OpenSpiel's, and those of other packages. Builds nothing twice.

A package announces its games in the entry point group `ringrift.games`, as a `Family`; check them with conformance.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import overload

from play.games import openspiel
from play.games.family import Family
from play.games.game import Game
from play.games.ringrift.boards import BOARD_TYPES, PLAYER_COUNTS, PROFILES
from play.games.ringrift.engine import RingRift
from play.plugins import plugins
from shared.contract.words import RingRiftBoard

__all__ = ["BOARD_TYPES", "PLAYER_COUNTS", "PROFILES", "get_game", "get_ringrift"]
GROUP = "ringrift.games"


@cache
def get_ringrift(board_type: str, num_players: int, profile: str = "canonical") -> RingRift:
    """RingRift's rules, for those who need its boards. ValueError names the valid choices."""
    return RingRift(board_type, num_players, profile)


@overload
def get_game(board_type: RingRiftBoard, num_players: int, profile: str = "canonical") -> RingRift: ...
@overload
def get_game(board_type: str, num_players: int, profile: str = "canonical") -> Game: ...
@cache
def get_game(board_type: str, num_players: int, profile: str = "canonical") -> Game:
    """The rules of one configuration. ValueError names the valid choices when there is no such game."""
    family, colon, name = board_type.partition(":")
    if not colon:
        return get_ringrift(board_type, num_players, profile)
    if family not in families():
        raise ValueError(
            f"there are no games {family!r}: there are those of {', '.join(families())}, and {', '.join(BOARD_TYPES)}"
        )
    if profile != "canonical":
        raise ValueError(f"{board_type} has no profile {profile!r}: only RingRift has profiles other than canonical")
    return families()[family].make(board_type, name, num_players)


@cache
def families() -> Mapping[str, Family]:
    """Every family by its name; this package's own is not replaced by another's."""
    return {each.name: each for each in (*plugins(GROUP, Family), openspiel.FAMILY)}
