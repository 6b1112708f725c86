"""The policies of an evaluation: what a candidate must reach, and how its moves are chosen.

The promotion service owns the gate policy: it hands it out with a name, the gauntlet stops by it, and it comes back with the
evidence. Holds no default of its own but the runbook's; decides nothing.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contract.words import MOST_GAMES, GateMode, OpponentName, PanelMode, RulesProfile

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ErrorRate = Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]
PARITY = 0.5
"""The win rate of equals, whatever the number of seats."""
PolicyId = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{16}$",
        description="Name of a gate policy, a function of its content",
        examples=["44136fa355b3678a"],
    ),
]


class Fact(BaseModel):
    """Base of what is recorded and judged: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class GatePolicy(Fact):
    """The thresholds and the number of games that an evaluation is played and judged under."""

    random_win_rate: Rate = Field(default=0.85, description="Win rate needed against Random; 0: no gate, no games")
    heuristic_win_rate: Rate = Field(default=0.60, description="Against the Heuristic; 0: no gate, no games")
    previous_win_rate: Rate = Field(
        default=0.50, description="Against the canonical version, where there is one; 0: no gate, no games"
    )
    games: int = Field(
        default=50, ge=1, le=MOST_GAMES, description="Games per opponent, before rounding up to whole blocks"
    )
    unscored_share: Rate = Field(
        default=0.02, description="Share of truncated and errored games above which a run is invalid"
    )
    skip_games: bool = Field(default=False, description="True when every model that loads may pass without a game")
    mode: GateMode = Field(
        default="exact",
        description="exact: the verdict of all planned games; anytime: also a test of the scores; evidence: that test alone",
    )
    alpha: ErrorRate = Field(
        default=0.05, description="Probability with which the test passes a candidate that is not above a win rate"
    )
    beta: ErrorRate = Field(
        default=0.05, description="Probability with which the test fails a candidate that is not below a win rate"
    )
    cap: int = Field(
        default=400, ge=1, le=MOST_GAMES, description="Games per opponent at most, in place of `games` in mode evidence"
    )

    panel: PanelMode = Field(
        default="off",
        description="muted: whoever passed the gates also meets the canonical versions of 5 and 20 versions ago",
    )

    @property
    def id(self) -> str:
        """The policy's name: SHA-256 of what differs from the runbook's, so that a new field renames no older policy."""
        return hashlib.sha256(self.model_dump_json(exclude_defaults=True).encode()).hexdigest()[:16]

    def threshold(self, opponent: OpponentName) -> float:
        """The win rate that the candidate needs against `opponent`; against the panel, what its games are compared with."""
        needed: dict[OpponentName, float] = {
            "random": self.random_win_rate,
            "heuristic": self.heuristic_win_rate,
            "previous": self.previous_win_rate,
        }
        return needed.get(opponent, PARITY)

    def has_gate(self, opponent: OpponentName) -> bool:
        """Whether `opponent` is met at all: a threshold of 0 asks for nothing, and is no gate."""
        return self.threshold(opponent) > 0

    @property
    def asks_for_nothing(self) -> bool:
        """Whether every model that loads may pass: no games, or no gate."""
        return self.skip_games or not (self.random_win_rate or self.heuristic_win_rate or self.previous_win_rate)

    def games_planned(self, num_players: int) -> int:
        """Games per opponent, rounded up so that every opening is played from every seat (statistics.md, Schedule)."""
        games = self.cap if self.mode == "evidence" else self.games
        return -(-games // num_players) * num_players

    def asks_the_same_as(self, other: GatePolicy) -> bool:
        """Whether a candidate has to reach the same under both, whatever the number of games and whoever else it meets."""
        return self.model_copy(update={"games": other.games, "panel": other.panel}) == other


class PlayPolicy(Fact):
    """How the candidate's moves were chosen, and from which openings."""

    mode: Literal["policy", "search", "gumbel"] = Field(
        default="policy",
        description="policy: the network's own; search: PUCT; gumbel: sequential halving over moves drawn by Gumbel noise",
    )
    simulations: int = Field(default=0, ge=0, le=10_000)
    temperature: float = Field(default=0.0, ge=0, le=10)
    opening_plies: int = Field(default=4, ge=0, le=200, description="Random decisions before the players take over")
    rules_profile: RulesProfile = "canonical"
    autocast: bool = Field(default=False, description="Whether networks may be computed in bfloat16")
