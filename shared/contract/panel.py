"""A panel: games of a candidate against canonical versions of the past, and whether strength has gone round in a circle.

Each version became canonical because it was no worse than the one before. A candidate that beats a newer version and loses to an
older one closes a circle, as rock, paper and scissors do: the versions have specialised, not improved. The panel is muted: it
flags, and no gate asks it. It plays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.contract.judging import Tally, against_parity
from shared.contract.words import PANEL, GateVerdict, OpponentName

VERSIONS_AGO: dict[OpponentName, int] = {"previous": 1, **PANEL}


class PanelGames(NamedTuple):
    """The games against the canonical version of so many versions ago."""

    versions_ago: int
    tally: Tally


class Cycle(NamedTuple):
    """The candidate beats the version `newer` versions ago and loses to the one `older` versions ago."""

    newer: int
    older: int


def versions_of(previous: int) -> dict[OpponentName, int]:
    """The versions on the panel of a candidate that meets the version `previous`, as far as there were so many."""
    ago = {name: previous + 1 - versions_ago for name, versions_ago in PANEL.items()}
    return {name: version for name, version in ago.items() if version >= 1}


def cycles(panel: Sequence[PanelGames]) -> list[Cycle]:
    """Every circle that the games establish, the newest first; wrongly any with probability `judging.CIRCLE_ERROR` at most.

    Games without a score and repeats establish nothing.
    """
    found = {each.versions_ago: against_parity(each.tally) for each in panel}
    beaten = sorted(ago for ago, verdict in found.items() if verdict is GateVerdict.PASSED)
    lost_to = sorted(ago for ago, verdict in found.items() if verdict is GateVerdict.FAILED)
    return [Cycle(newer, older) for newer in beaten for older in lost_to if newer < older]
