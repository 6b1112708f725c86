"""Requests and responses of the gauntlet service."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from play.record import PlayedGame
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.service import Detailed
from shared.contract.evidence import CanonicalReference, Evidence, OpponentEvidence
from shared.contract.policy import GatePolicy, PlayPolicy, PolicyId
from shared.contract.words import (
    BoardType,
    ConfigurationKey,
    Digest,
    EvaluationReason,
    EvaluationState,
    FailureCode,
    Games,
    GateVerdict,
    ModelPath,
    NumPlayers,
    OpponentName,
)


class EvaluationRequest(BaseModel):
    """Ask for an evaluation of one model. Nothing is promoted unless it passes every gate under the policy in force."""

    model_config = ConfigDict(strict=True, extra="forbid")

    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    model_path: ModelPath | None = Field(default=None, examples=["models/my_model.pth"])
    digest: Digest | None = Field(default=None, description="SHA-256 of the file; alone: of a model already taken in")
    games: Games | None = None

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model_path is None and self.digest is None:
            raise ValueError("give model_path (inside the models folder) or digest (of a model already taken in)")
        return self


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
    reason: EvaluationReason
    state: EvaluationState
    waits_for: str | None = Field(
        description="What a received evaluation waits for; null when for nothing in particular"
    )
    revision: int
    model_path: str | None
    digest: str | None
    attempts: int
    failure_code: FailureCode | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @field_validator("configuration", mode="before")
    @classmethod
    def _as_key(cls, value: object) -> str:
        return str(value)

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """As its callers see it."""
        return cls.model_validate(evaluation)


class EvaluationDetail(EvaluationView):
    """An evaluation with its games by opponent, and once it is completed its evidence."""

    previous: CanonicalReference | None
    policy_id: PolicyId | None = Field(description="Name of the gate policy; null until it is known")
    gates: GatePolicy | None = Field(description="The promotion service's gate policy; null until it is known")
    play: PlayPolicy
    model: dict[str, Any] | None
    opponents: list[OpponentProgress]
    evidence: Evidence | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.ended_at is not None

    @classmethod
    def of(cls, detailed: Detailed) -> Self:  # type: ignore[override]  # a detail needs more than its base
        """As its callers see it."""
        evaluation, policy = detailed.evaluation, detailed.evaluation.policy
        num_players = evaluation.configuration.num_players
        met = detailed.evidence.opponents if detailed.evidence else []
        return cls(
            **EvaluationView.of(evaluation).model_dump(),
            previous=evaluation.previous,
            policy_id=policy.id if policy else None,
            gates=policy,
            play=evaluation.play,
            model=evaluation.model,
            opponents=[OpponentProgress.of(each, policy, num_players) for each in met] if policy else [],
            evidence=Evidence.model_validate(evaluation.evidence) if evaluation.evidence else None,
        )


class Evaluations(BaseModel):
    """Evaluations, newest first. `next` is the `before` of the next page, null on the last."""

    items: list[EvaluationView]
    next: UUID | None


class GamePage(BaseModel):
    """Recorded games in schedule order. `next` is the `offset` of the next page, null on the last."""

    items: list[PlayedGame]
    next: int | None
