"""The opponents that a candidate may meet: which there are, how each is made, and the stream that its games draw their seeds from.

A stream belongs to its opponent for ever: recorded games are resumed and replayed by the seeds that come of it. A new opponent
takes the next free number, so that it changes no other's games.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pkgutil import resolve_name
from typing import NamedTuple

from play.games.game import Game
from play.players.player import Player
from shared.contract.configuration import has_heuristic
from shared.contract.words import OpponentName


class Opponent(NamedTuple):
    """stream: its number, at least 0. player: where its class is, imported when it plays, so that schedules are made without any
    game; None for one that is a checkpoint."""

    stream: int
    player: str | None

    def make(self) -> Player:
        """A new player. ValueError of one that is a checkpoint."""
        if self.player is None:
            raise ValueError("a checkpoint is loaded, not made")
        made: Player = resolve_name(self.player)()
        return made


REGISTRY: Mapping[OpponentName, Opponent] = {
    "random": Opponent(0, "play.players.random:RandomPlayer"),
    "heuristic": Opponent(1, "play.games.ringrift.heuristic:HeuristicPlayer"),
    "previous": Opponent(2, None),
    "previous_5": Opponent(3, None),
    "previous_20": Opponent(4, None),
}


def stream_of(name: OpponentName) -> int:
    """The number of an opponent's stream of seeds."""
    return REGISTRY[name].stream


def make_opponent(name: OpponentName, game: Game, checkpoint: Callable[[], Player]) -> Player:
    """The player of an opponent; `checkpoint` makes the one that is a checkpoint."""
    opponent = REGISTRY[name]
    if name == "heuristic" and not has_heuristic(game.board_type):
        raise ValueError(f"{game.board_type} has no heuristic player")
    return checkpoint() if opponent.player is None else opponent.make()
