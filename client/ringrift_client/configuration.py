"""Configurations as trainers write them: `hex8_2p`. The suite knows which there are; here is only how their keys are read."""

from __future__ import annotations

import re
from typing import NamedTuple

_KEY = re.compile(r"([a-z][a-z0-9]*|[a-z][A-Za-z0-9_~]*-[A-Za-z0-9_~-]+)_([2-4])p")
LONGEST = 103


class Seats(NamedTuple):
    """The board type and the number of players of a configuration, as announcements name them."""

    board_type: str
    num_players: int


def parsed(configuration: str) -> Seats:
    """Read a key; ValueError for what is none."""
    match = _KEY.fullmatch(configuration)
    if match is None or len(configuration) > LONGEST:
        raise ValueError(f"{configuration[:200]!r} is no configuration: give one such as hex8_2p")
    if "-" not in match[1]:
        return Seats(match[1], int(match[2]))
    family, game, *rest = match[1].replace("~", ".").split("-")
    parameters = ",".join(f"{name}={value}" for name, value in zip(rest[::2], rest[1::2], strict=True))
    return Seats(f"{family}:{game}" + (f"({parameters})" if parameters else ""), int(match[2]))
