"""One planned game played again up to a decision, to see whether what crashed there crashes again. It keeps nothing."""

from __future__ import annotations

from typing import NamedTuple

from play.arena import Arena
from play.games.game import Game
from play.models.confined.errors import ConfinedError
from play.players.player import Player
from play.record import PlayedGame, decode_rows
from play.schedule import PlannedGame


class Reproduction(NamedTuple):
    """`played`: the game as far as it got; `trouble`: what crashed, None if nothing did; `words`: what a lost model wrote."""

    played: PlayedGame
    trouble: str | None = None
    words: str = ""


def reproduce(
    game: Game, candidate: Player, opponent: Player, plan: PlannedGame, opening_plies: int, until: int | None
) -> Reproduction:
    """Play it until something crashes, it ends, or so many decisions and one more were made; None: to its end."""
    arena = Arena(game, candidate, opponent, [plan], opening_plies)
    try:
        for ended in arena.play(1):
            for played in ended:
                return Reproduction(played, played.error)
            [so_far] = arena.asked()
            if until is not None and so_far.decisions > until:
                return Reproduction(so_far)
    except ConfinedError as error:
        [so_far] = arena.asked()
        return Reproduction(so_far, str(error), error.words)
    raise RuntimeError("a game neither ended nor went on")


def has_same_moves(one: str, other: str) -> bool:
    """Whether two records of moves agree as far as the shorter one goes. ValueError for what is none."""
    rows, others = decode_rows(one), decode_rows(other)
    shorter = min(len(rows), len(others))
    return bool((rows[:shorter] == others[:shorter]).all())
