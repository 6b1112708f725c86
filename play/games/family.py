"""What a package declares to add games of its own: their family's name, and how one is made. Knows no game."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from play.games.game import Game


class Family(NamedTuple):
    """Games whose board type is `NAME:GAME`, or `NAME:GAME(parameter=value,...)`.

    `make` gets the whole board type, what stands after the colon, and the number of players. ValueError, with what would be right,
    for what it has not.
    """

    name: str
    make: Callable[[str, str, int], Game]
