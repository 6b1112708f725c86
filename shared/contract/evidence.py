"""What an evaluation found: games by opponent, the policy they were played under, what the checkpoint says of itself.

These models travel in EVALUATION_COMPLETED and are kept in the ledger. They hold facts and check their sums; judging them is
the promotion service's business.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.contract.gate import exact_gate, histogram_units, units_per_game
from shared.contract.policy import Fact, GatePolicy, PlayPolicy, PolicyId
from shared.contract.words import OPPONENTS, STORABLE, Digest, GateVerdict, OpponentName


class CanonicalReference(Fact):
    """The canonical version that a candidate met as `previous`."""

    version: int = Field(ge=1)
    digest: Digest


def opponents_to_meet(previous: CanonicalReference | None) -> list[OpponentName]:
    """In the order in which they are met; `previous` only where there is a canonical version."""
    return [name for name in OPPONENTS if name != "previous" or previous is not None]


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
        max_length=100, description="Entry j counts the games that scored j/(2(k-1)) with k players"
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
    policy_id: PolicyId | None = Field(
        default=None, description="Name of the gate policy; null in evidence from before policies had names"
    )
    gates: GatePolicy
    play: PlayPolicy
    skipped: bool = Field(
        default=False, description="True when an operator had the games skipped; the model was only loaded"
    )
    previous: CanonicalReference | None = None
    opponents: list[OpponentEvidence] = Field(max_length=100)
    duration_seconds: float = Field(ge=0)
    cpu_seconds: float = Field(ge=0)

    @model_validator(mode="after")
    def _meets_each_opponent_once(self) -> Self:
        if len({each.opponent for each in self.opponents}) != len(self.opponents):
            raise ValueError("each opponent must be listed once")
        return self

    @model_validator(mode="after")
    def _names_its_policy(self) -> Self:
        if self.policy_id not in (None, self.gates.id):
            raise ValueError(f"policy {self.policy_id} is not the one in gates, which is {self.gates.id}")
        return self

    def of(self, opponent: OpponentName) -> OpponentEvidence | None:
        """The evidence against one opponent, None when it was not met."""
        return next((each for each in self.opponents if each.opponent == opponent), None)


class ModelMetadata(Fact):
    """What a checkpoint says of itself; read from the file, never trusted as its identity."""

    architecture: str = Field(max_length=100, pattern=STORABLE)
    parameters: int = Field(ge=0, description="Number of weights")
    version: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    trained_at: AwareDatetime | None = None
    elo: float | None = Field(default=None, allow_inf_nan=False)
    format: str | None = Field(default=None, max_length=100, description="What kind of file it is; null in old events")
    notes: list[Annotated[str, Field(max_length=500)]] = Field(
        default=[],
        max_length=20,
        description="How the file was read, where there was a choice: converted, averaged, prefixed",
    )
