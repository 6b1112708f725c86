"""Requests and responses of the gauntlet service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from play.record import PlayedGame
from shared.contract.configuration import BoardType, ConfigurationKey, NumPlayers
from shared.contract.evidence import CanonicalReference, Evidence, GatePolicy, OpponentEvidence, PlayPolicy
from shared.contract.gate import GateVerdict

State = Literal["received", "queued", "running", "completed", "failed"]


class EvaluationRequest(BaseModel):
    """Ask for an evaluation of one model. Nothing is promoted unless it passes every gate under the policy in force."""

    model_config = ConfigDict(strict=True, extra="forbid")

    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    model_path: str | None = Field(
        default=None,
        min_length=1,
        max_length=1024,
        examples=["models/my_model.pth"],
        description="In the models folder",
    )
    digest: str | None = Field(
        default=None, pattern="^[0-9a-f]{64}$", description="SHA-256 of the file; alone: of a model already taken in"
    )
    games: int | None = Field(default=None, ge=1, le=10_000, description="Games per opponent")

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model_path is None and self.digest is None:
            raise ValueError("give model_path (inside the models folder) or digest (of a model already taken in)")
        return self


class OpponentProgress(BaseModel):
    """The games against one opponent so far, beside what they have to reach."""

    opponent: Literal["random", "heuristic", "previous"]
    games: int
    games_planned: int
    wins: int
    draws: int
    losses: int
    unscored: int
    win_rate: float | None
    threshold: float
    verdict: GateVerdict

    @classmethod
    def of(cls, evidence: OpponentEvidence, gates: GatePolicy, num_players: int) -> Self:
        """From the counted games."""
        threshold = gates.threshold(evidence.opponent)
        return cls(
            opponent=evidence.opponent,
            games=evidence.games,
            games_planned=evidence.games_planned,
            wins=evidence.wins,
            draws=evidence.draws,
            losses=evidence.losses,
            unscored=evidence.unscored,
            win_rate=evidence.win_rate(num_players),
            threshold=threshold,
            verdict=evidence.verdict(num_players, threshold),
        )


class EvaluationView(BaseModel):
    """One evaluation: of which model, asked for why, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    configuration: ConfigurationKey
    reason: Literal["training", "request", "manual", "forced", "stale"]
    state: State
    revision: int
    model_path: str | None
    digest: str | None
    attempts: int
    failure_code: str | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class EvaluationDetail(EvaluationView):
    """An evaluation with its games by opponent, and once it is completed its evidence."""

    previous: CanonicalReference | None
    gates: GatePolicy
    play: PlayPolicy
    model: dict[str, Any] | None
    opponents: list[OpponentProgress]
    evidence: Evidence | None


class Evaluations(BaseModel):
    """Evaluations, newest first. `next` is the `before` of the next page, null on the last."""

    items: list[EvaluationView]
    next: UUID | None


class GamePage(BaseModel):
    """Recorded games in schedule order. `next` is the `offset` of the next page, null on the last."""

    items: list[PlayedGame]
    next: int | None
