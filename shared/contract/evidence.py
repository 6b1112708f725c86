"""What an evaluation found: games by opponent, the policy they were played under, what the checkpoint says of itself.

These models travel in EVALUATION_COMPLETED and are kept in the ledger. They hold facts and check their sums; judging them is
the promotion service's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import le
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from shared.contract.gate import histogram_units, units_per_game
from shared.contract.judging import Tally, judge
from shared.contract.panel import VERSIONS_AGO, Cycle, PanelGames, cycles
from shared.contract.policy import Fact, GatePolicy, PlayPolicy, PolicyId, Rate
from shared.contract.words import (
    GATES,
    MOST_ID,
    PANEL,
    STORABLE,
    Confinement,
    Digest,
    GateVerdict,
    OpponentName,
    Reason,
)


def mean_score(histogram: Sequence[int], num_players: int) -> float | None:
    """The mean score of a score histogram's games, None when there are none."""
    games = sum(histogram)
    return histogram_units(histogram) / (units_per_game(num_players) * games) if games else None


class CanonicalReference(Fact):
    """The canonical version that a candidate met as `previous`."""

    version: int = Field(ge=1)
    digest: Digest


def opponents_to_meet(
    gates: GatePolicy, previous: CanonicalReference | None, *, heuristic: bool = True
) -> list[OpponentName]:
    """In their order: those that the policy has a gate for, `previous` only where there is a canonical version to meet, `heuristic`
    where the game has one."""
    missing = {*(() if previous else ("previous",)), *(() if heuristic else ("heuristic",))}
    return [name for name in GATES if gates.has_gate(name) and name not in missing]


Histogram = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=100)]
CONFIDENCE = 0.95
"""Of every interval that is shown to people."""


class ScoreInterval(Fact):
    """Where the true mean score lies with 95 % confidence, however often one looked before."""

    low: Rate
    high: Rate


class SeatEvidence(Fact):
    """The counted games that the candidate played in one seat."""

    seat: int = Field(ge=0, le=3, description="0-based")
    games: int = Field(ge=0)
    score_histogram: Histogram = Field(description="As that of all seats")

    def win_rate(self, num_players: int) -> float | None:
        """Mean score of the scored games, None when there are none."""
        return mean_score(self.score_histogram, num_players)


class EloEstimate(Fact):
    """For people, not for the gate: strength on a scale on which Random is 400 and Heuristic 1200."""

    rating: float = Field(allow_inf_nan=False)
    low: float | None = Field(
        default=None, allow_inf_nan=False, description="95 % interval; null where the games set no bound"
    )
    high: float | None = Field(default=None, allow_inf_nan=False)


class CostReceipt(Fact):
    """What an evaluation cost, and what its early end saved; null where nobody measured it."""

    core_seconds: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Processor seconds of all workers, lost attempts too"
    )
    forward_seconds: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Seconds of these in forward passes of networks"
    )
    games: int | None = Field(default=None, ge=0, description="Games that count, against all opponents")
    surplus_games: int | None = Field(
        default=None, ge=0, description="Games that were played and do not count, because their gate was decided before"
    )
    saved_games: int | None = Field(
        default=None, ge=0, description="Planned games that were not needed, of opponents that were not met too"
    )


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
    score_histogram: Histogram = Field(description="Entry j counts the games that scored j/(2(k-1)) with k players")
    distinct_games: int = Field(ge=0, description="Games with different move sequences; repeats add no evidence")
    network_evaluations: int = Field(
        ge=0, description="Positions that the candidate's network evaluated in these games"
    )
    effective_histogram: Histogram | None = Field(
        default=None,
        description="The score histogram with repeats (the same moves from the same seat) counted once; its sum is the "
        "effective sample size. Null in evidence from before it was kept",
    )
    block_histogram: Histogram | None = Field(
        default=None,
        description="Entry j counts the blocks, repeats once, whose games all have a score and together scored j/(2(k-1))",
    )
    interval: ScoreInterval | None = Field(
        default=None, description="Of the mean score, made of blocks, whose games share an opening"
    )
    flip_margin: int | None = Field(
        default=None, ge=0, description="Fewest games that would have had to end otherwise for another verdict"
    )
    seats: list[SeatEvidence] | None = Field(
        default=None, max_length=4, description="The same games by the candidate's seat"
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

    @model_validator(mode="after")
    def _parts_hold(self) -> Self:
        effective = self.score_histogram if self.effective_histogram is None else self.effective_histogram
        if len(effective) != len(self.score_histogram) or not all(map(le, effective, self.score_histogram)):
            raise ValueError("the effective histogram must be a part of the score histogram")
        if self.seats is not None and sum(each.games for each in self.seats) != self.games:
            raise ValueError("the seats must hold every game")
        return self

    @property
    def unscored(self) -> int:
        """Games that ended without a score."""
        return self.truncated + self.errored

    @property
    def effective_games(self) -> int | None:
        """Games with a score, repeats counted once; None in evidence from before it was kept."""
        return None if self.effective_histogram is None else sum(self.effective_histogram)

    def win_rate(self, num_players: int) -> float | None:
        """Mean score of the scored games, None when there are none."""
        return mean_score(self.score_histogram, num_players)

    @property
    def tally(self) -> Tally:
        """What the gate judges of these games."""
        effective = self.score_histogram if self.effective_histogram is None else self.effective_histogram
        return Tally(tuple(self.score_histogram), tuple(effective), self.unscored)

    def verdict(self, policy: GatePolicy, num_players: int) -> GateVerdict:
        """The gate's verdict on these games."""
        return judge(policy, self.opponent, self.tally, self.games_planned, num_players)


class PanelMember(Fact):
    """A canonical version that whoever passed the gates meets beside them. It changes no verdict."""

    opponent: OpponentName
    canonical: CanonicalReference
    silenced: Reason | None = Field(
        default=None, description="Why its games could not be played to their end; null where they could"
    )

    @model_validator(mode="after")
    def _is_of_the_panel(self) -> Self:
        if self.opponent not in PANEL:
            raise ValueError(f"{self.opponent} is not of the panel")
        return self


class PanelEvidence(PanelMember):
    """The games against it: none where a gate was not passed."""

    games: OpponentEvidence

    @model_validator(mode="after")
    def _holds_its_own_games(self) -> Self:
        if self.games.opponent != self.opponent:
            raise ValueError(f"games against {self.games.opponent} are none against {self.opponent}")
        return self


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
    elo: EloEstimate | None = Field(
        default=None, description="Of the games against Random and Heuristic; null without any, and in older evidence"
    )
    cost: CostReceipt | None = Field(default=None, description="Null in evidence from before it was kept")
    confinement: Confinement | None = Field(
        default=None,
        description="How far the candidate was confined on the worker that confined it least; null in older evidence",
    )

    panel: list[PanelEvidence] | None = Field(
        default=None, max_length=len(PANEL), description="Who was met beside the gates; null in older evidence"
    )

    @model_validator(mode="after")
    def _meets_each_opponent_once(self) -> Self:
        met = [each.opponent for each in (*self.opponents, *(self.panel or ()))]
        if len(set(met)) != len(met):
            raise ValueError("each opponent must be listed once")
        return self

    @model_validator(mode="after")
    def _names_its_policy(self) -> Self:
        if self.policy_id not in (None, self.gates.id):
            raise ValueError(f"policy {self.policy_id} is not the one in gates, which is {self.gates.id}")
        return self

    @property
    def cycles(self) -> list[Cycle]:
        """The circles that the games against the previous version and the panel establish."""
        met = [
            *(each for each in self.opponents if each.opponent in VERSIONS_AGO),
            *(each.games for each in self.panel or ()),
        ]
        return cycles([PanelGames(VERSIONS_AGO[each.opponent], each.tally) for each in met])

    def of(self, opponent: OpponentName) -> OpponentEvidence | None:
        """The evidence against one opponent, None when it was not met."""
        return next((each for each in self.opponents if each.opponent == opponent), None)


class ModelMetadata(Fact):
    """What a checkpoint says of itself; read from the file, never trusted as its identity."""

    architecture: str = Field(max_length=100, pattern=STORABLE)
    parameters: int = Field(ge=0, le=MOST_ID, description="Number of weights")
    version: str | None = Field(default=None, max_length=200, pattern=STORABLE)
    trained_at: AwareDatetime | None = None
    elo: float | None = Field(default=None, allow_inf_nan=False)
    format: str | None = Field(
        default=None, max_length=100, pattern=STORABLE, description="What kind of file it is; null in old events"
    )
    notes: list[Annotated[str, Field(max_length=500, pattern=STORABLE)]] = Field(
        default=[],
        max_length=20,
        description="How the file was read, where there was a choice: converted, averaged, prefixed",
    )
    fingerprint: Digest | None = Field(
        default=None,
        description="SHA-256 of the architecture and the weights, however they are written; null for programs, which are known "
        "by their bytes alone, and in old events",
    )
