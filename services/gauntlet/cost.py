"""What the games of an evaluation cost, as a value. Pure."""

from __future__ import annotations

from typing import NamedTuple


class Cost(NamedTuple):
    """What its games have cost so far: processor seconds, those of them in forward passes, and games that count for nothing."""

    cpu_seconds: float = 0.0
    forward_seconds: float = 0.0
    surplus_games: int = 0

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        cpu, forward = self.cpu_seconds + other.cpu_seconds, self.forward_seconds + other.forward_seconds
        return Cost(cpu, forward, self.surplus_games + other.surplus_games)

    def beyond(self, told: Cost) -> Cost:
        """What of this, so far, was not told before."""
        cpu, forward = self.cpu_seconds - told.cpu_seconds, self.forward_seconds - told.forward_seconds
        return Cost(max(cpu, 0.0), max(forward, 0.0), max(self.surplus_games - told.surplus_games, 0))


NO_COST = Cost()
