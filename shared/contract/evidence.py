"""What an evaluation found: games by opponent, the policy they were played under, what the checkpoint says of itself.

These models travel in EVALUATION_COMPLETED and are kept in the ledger. They hold facts and check their sums; judging them is
the promotion service's business.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from shared.contract.gate import GateVerdict, exact_gate, histogram_units, units_per_game

Rate = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
OpponentName = Literal["random", "heuristic", "previous"]
OPPONENTS: tuple[OpponentName, ...] = ("random", "heuristic", "previous")


class Fact(BaseModel):
    """Base of the evidence models: strict, closed, immutable."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class GatePolicy(Fact):
    """The thresholds and the number of games that an evaluation is played and judged under."""

    random_win_rate: Rate = 0.85
    heuristic_win_rate: Rate = 0.60
    previous_win_rate: Rate = 0.50
    games: int = Field(
        default=50, ge=1, le=10_000, description="Games per opponent, before rounding up to whole blocks"
    )
    unscored_share: Rate = Field(
        default=0.02, description="Share of truncated and errored games above which a run is invalid"
    )

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


class PlayPolicy(Fact):
    """How the candidate's moves were chosen, and from which openings."""

    mode: Literal["policy", "search"] = "policy"
    simulations: int = Field(default=0, ge=0, le=10_000)
    temperature: float = Field(default=0.0, ge=0, le=10)
    opening_plies: int = Field(default=4, ge=0, le=200, description="Random decisions before the players take over")
    rules_profile: Literal["canonical", "ref", "strict"] = "canonical"


class CanonicalReference(Fact):
    """The canonical version that a candidate met as `previous`."""

    version: int = Field(ge=1)
    digest: str = Field(pattern=r"^[0-9a-f]{64}$")


class OpponentEvidence(Fact):
    """The counted games against one opponent: the decided prefix of its schedule."""

    opponent: OpponentName
    games_planned: int = Field(ge=0)
    games: int = Field(ge=0)
    wins: int = Field(ge=0)
    draws: int = Field(ge=0)
    losses: int = Field(ge=0)
    truncated: int = Field(ge=0)
    errored: int = Field(ge=0)
    score_histogram: list[Annotated[int, Field(ge=0)]] = Field(
        description="Entry j counts the games that scored j/(2(k-1)) with k players"
    )
    distinct_games: int = Field(ge=0, description="Games with different move sequences; repeats add no evidence")
    network_evaluations: int = Field(
        ge=0, description="Positions that the candidate's network evaluated in these games"
    )

    @model_validator(mode="after")
    def _sums_hold(self) -> Self:
        if self.wins + self.draws + self.losses + self.truncated + self.errored != self.games:
            raise ValueError("wins + draws + losses + truncated + errored must equal games")
        if sum(self.score_histogram) != self.games - self.truncated - self.errored:
            raise ValueError("the score histogram must count every game that has a score")
        if self.games > self.games_planned:
            raise ValueError("more games than planned")
        return self

    @property
    def unscored(self) -> int:
        """Games that ended without a score."""
        return self.truncated + self.errored

    def win_rate(self, num_players: int) -> float | None:
        """Mean score of the scored games, None when there are none."""
        scored = self.games - self.unscored
        return histogram_units(self.score_histogram) / (units_per_game(num_players) * scored) if scored else None

    def verdict(self, num_players: int, threshold: float) -> GateVerdict:
        """The gate's verdict on these games."""
        return exact_gate(histogram_units(self.score_histogram), self.games, self.games_planned, num_players, threshold)


class Evidence(Fact):
    """Everything a decision is made from: recorded games and the policy they were played under."""

    seed: int = Field(ge=0, description="Seed that all planned games derive from")
    gates: GatePolicy
    play: PlayPolicy
    skipped: bool = Field(
        default=False, description="True when an operator had the games skipped; the model was only loaded"
    )
    previous: CanonicalReference | None = None
    opponents: list[OpponentEvidence]
    duration_seconds: float = Field(ge=0)
    cpu_seconds: float = Field(ge=0)

    @model_validator(mode="after")
    def _meets_each_opponent_once(self) -> Self:
        if len({each.opponent for each in self.opponents}) != len(self.opponents):
            raise ValueError("each opponent must be listed once")
        return self

    def of(self, opponent: OpponentName) -> OpponentEvidence | None:
        """The evidence against one opponent, None when it was not met."""
        return next((each for each in self.opponents if each.opponent == opponent), None)


class ModelMetadata(Fact):
    """What a checkpoint says of itself; read from the file, never trusted as its identity."""

    architecture: str = Field(max_length=100)
    parameters: int = Field(ge=0, description="Number of weights")
    version: str | None = Field(default=None, max_length=200)
    trained_at: AwareDatetime | None = None
    elo: float | None = Field(default=None, allow_inf_nan=False)
