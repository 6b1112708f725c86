"""How far models were confined on the machines that played them. Pure."""

from __future__ import annotations

from shared.contract.words import CONFINEMENTS, Confinement


def weaker(one: Confinement | None, other: Confinement | None) -> Confinement | None:
    """The weaker of two confinements, of which either may be unknown."""
    told = [each for each in (one, other) if each is not None]
    return max(told, key=CONFINEMENTS.index) if told else None
