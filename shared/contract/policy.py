"""The policies of an evaluation: what a candidate must reach, and how its moves are chosen.

The promotion service owns the gate policy: it hands it out with a name, the gauntlet stops by it, and it comes back with the
evidence. Holds no default of its own but the runbook's; decides nothing.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import MOST_GAMES, OpponentName

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PolicyId = Annotated[
    str, Field(pattern="^[0-9a-f]{16}$", description="Name of a gate policy, a function of its content")
]


class Fact(BaseModel):
    """Base of what is recorded and judged: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class GatePolicy(Fact):
    """The thresholds and the number of games that an evaluation is played and judged under."""

    random_win_rate: Rate = 0.85
    heuristic_win_rate: Rate = 0.60
    previous_win_rate: Rate = 0.50
    games: int = Field(
        default=50, ge=1, le=MOST_GAMES, description="Games per opponent, before rounding up to whole blocks"
    )
    unscored_share: Rate = Field(
        default=0.02, description="Share of truncated and errored games above which a run is invalid"
    )
    skip_games: bool = Field(default=False, description="True when every model that loads may pass without a game")

    @property
    def id(self) -> str:
        """The policy's name: SHA-256 of what differs from the runbook's, so that a new field renames no older policy."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]

    def threshold(self, opponent: OpponentName) -> float:
        """The win rate that the candidate needs against `opponent`."""
        return {
            "random": self.random_win_rate,
            "heuristic": self.heuristic_win_rate,
            "previous": self.previous_win_rate,
        }[opponent]

    def games_planned(self, num_players: int) -> int:
        """Games per opponent, rounded up so that every opening is played from every seat (statistics.md, Schedule)."""
        return -(-self.games // num_players) * num_players

    def asks_the_same_as(self, other: GatePolicy) -> bool:
        """Whether a candidate has to reach the same under both, whatever the number of games."""
        return self.model_copy(update={"games": other.games}) == other


class PlayPolicy(Fact):
    """How the candidate's moves were chosen, and from which openings."""

    mode: Literal["policy", "search"] = "policy"
    simulations: int = Field(default=0, ge=0, le=10_000)
    temperature: float = Field(default=0.0, ge=0, le=10)
    opening_plies: int = Field(default=4, ge=0, le=200, description="Random decisions before the players take over")
    rules_profile: Literal["canonical", "ref", "strict"] = "canonical"
