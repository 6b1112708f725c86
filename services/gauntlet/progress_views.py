"""How the games of an evaluation are shown while they are played, and afterwards: by opponent, with what they have to reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from services.gauntlet.closing import MOST_POINTS, Closing
from services.gauntlet.pace import NO_PACE, Pace
from shared.contract.evidence import Evidence, OpponentEvidence, PanelEvidence, ScoreInterval
from shared.contract.policy import GatePolicy
from shared.contract.words import OPPONENTS, PANEL, Digest, GateVerdict, OpponentName

Paces = Mapping[OpponentName, Pace]


class SeatProgress(BaseModel):
    """The games that the candidate has played in one seat so far."""

    seat: int = Field(description="0-based")
    games: int
    win_rate: float | None


class OpponentProgress(BaseModel):
    """The games against one opponent so far, beside what they have to reach."""

    opponent: OpponentName
    games: int
    games_planned: int
    wins: int
    draws: int
    losses: int
    unscored: int
    win_rate: float | None
    interval: ScoreInterval | None = Field(description="95 % interval of the win rate, made of blocks")
    threshold: float
    verdict: GateVerdict
    effective_games: int | None = Field(description="Games with a score, repeats counted once")
    flip_margin: int | None = Field(
        description="Fewest games that would have had to end otherwise for another verdict; null if no number would do"
    )
    seats: list[SeatProgress]
    games_left: int = Field(description="Games that may still have to be played: none once the verdict is there")
    workers: int = Field(description="Workers that play games against this opponent now")
    games_per_second: float | None = Field(
        description="Recorded in the last seconds; null for whoever is not met now, and where nothing can be told yet"
    )
    seconds_left: float | None = Field(description="What all games that are left take at that pace")

    @classmethod
    def of(cls, evidence: OpponentEvidence, gates: GatePolicy, num_players: int, pace: Pace = NO_PACE) -> Self:
        """From the counted games."""
        seats = [
            SeatProgress(seat=each.seat, games=each.games, win_rate=each.win_rate(num_players))
            for each in evidence.seats or []
        ]
        return cls(
            opponent=evidence.opponent,
            games=evidence.games,
            games_planned=evidence.games_planned,
            wins=evidence.wins,
            draws=evidence.draws,
            losses=evidence.losses,
            unscored=evidence.unscored,
            win_rate=evidence.win_rate(num_players),
            interval=evidence.interval,
            threshold=gates.threshold(evidence.opponent),
            verdict=evidence.verdict(gates, num_players),
            effective_games=evidence.effective_games,
            flip_margin=evidence.flip_margin,
            seats=seats,
            **pace._asdict(),
        )


class PanelProgress(BaseModel):
    """The games against a canonical version that is met beside the gates, and changes no verdict."""

    version: int
    versions_ago: int
    digest: Digest
    silenced: str | None = Field(description="Why its games cannot be played to their end; null where they can")
    games: OpponentProgress = Field(
        description="`verdict`: passed where the candidate is established to be better, failed where it is to be worse"
    )

    @classmethod
    def of(cls, member: PanelEvidence, gates: GatePolicy, num_players: int, pace: Pace) -> Self:
        """From the counted games."""
        return cls(
            version=member.canonical.version,
            versions_ago=PANEL[member.opponent],
            digest=member.canonical.digest,
            silenced=member.silenced,
            games=OpponentProgress.of(member.games, gates, num_players, pace),
        )


class IntervalPoint(BaseModel):
    """What the first so many games against an opponent said."""

    model_config = ConfigDict(from_attributes=True)

    games: int = Field(examples=[20])
    mean: float | None = Field(description="Their win rate; null without a score", examples=[0.85])
    low: float = Field(description="The 95 % interval of the true win rate, made of blocks", examples=[0.58])
    high: float = Field(examples=[0.97])


class IntervalCourse(BaseModel):
    """How the interval of the win rate against one opponent closed."""

    opponent: OpponentName
    points: list[IntervalPoint] = Field(max_length=MOST_POINTS + 1)

    @classmethod
    def of(cls, closing: Closing) -> Self:
        """From the counted games."""
        return cls(opponent=closing.opponent, points=[IntervalPoint.model_validate(each) for each in closing.points])


class IntervalCourses(BaseModel):
    """Those of all opponents that were met, in their order."""

    items: list[IntervalCourse] = Field(max_length=len(OPPONENTS))


class CycleView(BaseModel):
    """The candidate beats the canonical version of `newer` versions ago and loses to the one of `older` versions ago."""

    newer: int
    older: int


def of_gates(found: Evidence, num_players: int, paces: Paces) -> list[OpponentProgress]:
    """The games for the gates."""
    return [
        OpponentProgress.of(each, found.gates, num_players, paces.get(each.opponent, NO_PACE))
        for each in found.opponents
    ]


def of_panel(found: Evidence, num_players: int, paces: Paces) -> list[PanelProgress]:
    """The games beside them."""
    return [
        PanelProgress.of(each, found.gates, num_players, paces.get(each.opponent, NO_PACE))
        for each in found.panel or ()
    ]
