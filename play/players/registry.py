"""The opponents that a candidate may meet: which there are, how each is made, and the stream that its games draw their seeds from.

A stream belongs to its opponent for ever: recorded games are resumed and replayed by the seeds that come of it. A new opponent
takes the next free number, so that it changes no other's games.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from play.games.game import Game
from play.games.ringrift.heuristic import HeuristicPlayer
from play.players.player import Player
from play.players.random import RandomPlayer
from shared.contract.words import OpponentName


class Opponent(NamedTuple):
    """stream: its number, at least 0. make: the player for a game; None for one that is a checkpoint."""

    stream: int
    make: Callable[[Game], Player] | None


REGISTRY: Mapping[OpponentName, Opponent] = {
    "random": Opponent(0, lambda game: RandomPlayer()),
    "heuristic": Opponent(1, lambda game: HeuristicPlayer()),
    "previous": Opponent(2, None),
}


def stream_of(name: OpponentName) -> int:
    """The number of an opponent's stream of seeds."""
    return REGISTRY[name].stream


def make_opponent(name: OpponentName, game: Game, checkpoint: Callable[[], Player]) -> Player:
    """The player of an opponent; `checkpoint` makes the one that is a checkpoint."""
    make = REGISTRY[name].make
    return checkpoint() if make is None else make(game)
