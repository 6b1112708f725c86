"""What is known of a game without its rules: all that files and networks may be measured by in a confined process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from play.games.game import Game


@dataclass(frozen=True)
class GameFacts:
    """The properties of a `Game`, by the same names and with the same meanings."""

    board_type: str
    num_players: int
    profile: str
    rules_version: str
    num_actions: int
    observation_shape: tuple[int, int, int]
    max_decisions: int

    @classmethod
    def of(cls, game: Game | GameFacts) -> Self:
        """What is known of a game."""
        planes, height, width = game.observation_shape
        return cls(
            game.board_type, game.num_players, game.profile, game.rules_version, game.num_actions, (planes, height, width),
            game.max_decisions,
        )  # fmt: skip
