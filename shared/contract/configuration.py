"""The configuration: board type and number of players, the key of everything that is promoted.

A configuration is written `hex8_2p` in subjects, file names and routes; one of another family's game is written without what these
do not take, `openspiel-hex-board_size-8_2p` for `openspiel:hex(board_size=8)`. Nothing here knows the rules of any game.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import NamedTuple

from shared.contract.words import (
    BOARD_TYPES,
    CANONICAL_FILE_PATTERN,
    CONFIGURATION_PATTERN,
    LONGEST_CONFIGURATION,
    PLAYER_COUNTS,
)


class Configuration(NamedTuple):
    """Board type and number of players."""

    board_type: str
    num_players: int

    def __str__(self) -> str:
        """The key, for example `hex8_2p`."""
        return f"{re.sub('[:(=,]', '-', self.board_type).replace('.', '~').removesuffix(')')}_{self.num_players}p"

    @classmethod
    def parse(cls, key: str) -> Configuration:
        """Read a key such as `hex8_2p`; ValueError names what would be right."""
        match = re.fullmatch(CONFIGURATION_PATTERN, key)
        if match is None or len(key) > LONGEST_CONFIGURATION:
            raise ValueError(
                f"{key[:200]!r} is no configuration: expected <{'|'.join(BOARD_TYPES)}>_<2|3|4>p, such as hex8_2p, or "
                "another family's game, such as openspiel-hex-board_size-8_2p"
            )
        return cls(_board_type(match.group(1)), int(match.group(2)))


def named_by(path: str) -> str | None:
    """The configuration that the name of a canonical file, of its link or of its backup names; None for any other name."""
    match = re.fullmatch(CANONICAL_FILE_PATTERN, PurePosixPath(path).name.removesuffix(".bak"))
    return match[1] if match else None


def has_heuristic(board_type: str) -> bool:
    """Whether there is a heuristic player: for RingRift alone. Candidates of other games do not meet one."""
    return board_type in BOARD_TYPES


def _board_type(slug: str) -> str:
    """The board type of the first part of a key."""
    if "-" not in slug:
        return slug
    family, game, *rest = slug.replace("~", ".").split("-")
    parameters = ",".join(f"{name}={value}" for name, value in zip(rest[::2], rest[1::2], strict=True))
    return f"{family}:{game}" + (f"({parameters})" if parameters else "")


EVERY_CONFIGURATION = tuple(Configuration(board, players) for board in BOARD_TYPES for players in PLAYER_COUNTS)
"""Every configuration of RingRift; those of other games are as many as there are announced."""
