"""Requests and responses of the gauntlet service."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from play.record import PlayedGame
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.evidence import Standing
from services.gauntlet.training import Training
from shared.contract.evidence import CanonicalReference, Evidence, OpponentEvidence
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import (
    Architecture,
    BoardType,
    ConfigurationKey,
    Digest,
    EvaluationReason,
    EvaluationState,
    FailureCode,
    Games,
    GateVerdict,
    ModelPath,
    NetworkParameters,
    NumPlayers,
    OpponentName,
    TrainingDoor,
    TrainingState,
)


class EvaluationRequest(BaseModel):
    """Ask for an evaluation of one model. Nothing is promoted unless it passes every gate under the policy in force."""

    model_config = ConfigDict(strict=True, extra="forbid")

    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    model_path: ModelPath | None = Field(
        default=None, examples=["models/my_model.pth"], description="In the models folder"
    )
    digest: Digest | None = Field(default=None, description="SHA-256 of the file; alone: of a model already taken in")
    games: Games | None = Field(default=None, description="Games per opponent")
    architecture: Architecture | None = None
    parameters: NetworkParameters | None = None

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

    id: UUID
    configuration: ConfigurationKey
    reason: EvaluationReason
    state: EvaluationState
    revision: int
    waits_for: str | None = Field(description="What it waits for while it is received; null when it waits for nothing")
    policy_id: str | None = Field(description="Name of the gate policy; null until it is known")
    model_path: str | None
    digest: str | None
    architecture: str | None = Field(description="The network as it was announced; null where the file says it itself")
    parameters: dict[str, int] | None
    attempts: int
    failure_code: FailureCode | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def of(cls, evaluation: Evaluation) -> EvaluationView:
        """From the evaluation."""
        return EvaluationView.model_validate(_members(evaluation))


class EvaluationDetail(EvaluationView):
    """An evaluation with its games by opponent, and once it is completed its evidence."""

    previous: CanonicalReference | None
    gates: GatePolicy | None = Field(description="The gate policy that it is played under; null until it is known")
    play: PlayPolicy
    model: dict[str, Any] | None
    opponents: list[OpponentProgress]
    evidence: Evidence | None

    @classmethod
    def of_standing(cls, standing: Standing) -> Self:
        """From the evaluation and its games so far."""
        evaluation, found = standing
        num_players = evaluation.configuration.num_players
        model = evaluation.model.model_dump(mode="json") if evaluation.model else None
        opponents = [OpponentProgress.of(each, found.gates, num_players) for each in found.opponents] if found else []
        return cls.model_validate({**_members(evaluation), "model": model, "opponents": opponents})


class Evaluations(BaseModel):
    """Evaluations, newest first. `next` is the `before` of the next page, null on the last."""

    items: list[EvaluationView]
    next: UUID | None


class GamePage(BaseModel):
    """Recorded games in schedule order. `next` is the `offset` of the next page, null on the last."""

    items: list[PlayedGame]
    next: int | None


def _members(evaluation: Evaluation) -> dict[str, Any]:
    return {**vars(evaluation), "configuration": str(evaluation.configuration)}


class TrainingView(BaseModel):
    """What a trainer announced, and what became of it. `event`: the announcement as it came, with all that nobody here knows."""

    id: UUID
    source: str
    event_id: str = Field(description="The id that the event came with")
    door: TrainingDoor
    state: TrainingState
    configuration: str | None
    reason: str | None = Field(description="Why it was rejected; null if it was accepted")
    notes: list[str] = Field(description="What is wrong with fields that are not needed; they were kept and not used")
    evaluation_id: UUID | None = Field(description="Its evaluation: GET /v1/evaluations/{id}")
    evaluation_state: EvaluationState | None
    received_at: datetime | None
    event: dict[str, Any]

    @classmethod
    def of(cls, training: Training) -> Self:
        """From the record."""
        accepted = training.state is TrainingState.ACCEPTED
        state = training.evaluation_state or (EvaluationState.RECEIVED if accepted else None)
        evaluation_id = training.id if accepted else None
        seen = {"evaluation_id": evaluation_id, "evaluation_state": state}
        return cls.model_validate({**asdict(training), **seen})


class Trainings(BaseModel):
    """Trainings, newest first; pass `next` as `before` to go on."""

    items: list[TrainingView]
    next: UUID | None
