"""The configuration: board type and number of players, the key of everything that is promoted.

A configuration is written `hex8_2p` in subjects, file names and routes. Nothing here knows the rules of the game.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shared.contract.words import BOARD_TYPES, CONFIGURATION_PATTERN, PLAYER_COUNTS, BoardType


class Configuration(NamedTuple):
    """Board type and number of players."""

    board_type: BoardType
    num_players: int

    def __str__(self) -> str:
        """The key, for example `hex8_2p`."""
        return f"{self.board_type}_{self.num_players}p"

    @classmethod
    def parse(cls, key: str) -> Configuration:
        """Read a key such as `hex8_2p`; ValueError names what would be right."""
        match = re.fullmatch(CONFIGURATION_PATTERN, key)
        if match is None:
            raise ValueError(
                f"{key!r} is no configuration: expected <{'|'.join(BOARD_TYPES)}>_<2|3|4>p, such as hex8_2p"
            )
        board_type: BoardType = match.group(1)  # type: ignore[assignment]  # the pattern admits only board types
        return cls(board_type, int(match.group(2)))


EVERY_CONFIGURATION = tuple(Configuration(board, players) for board in BOARD_TYPES for players in PLAYER_COUNTS)
