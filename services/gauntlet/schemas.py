"""Requests and responses of the gauntlet service."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from play.record import PlayedGame
from services.gauntlet.crash_report import CrashReport
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.evidence import Standing
from services.gauntlet.progress_views import CycleView, OpponentProgress, PanelProgress, of_gates, of_panel
from services.gauntlet.training import Training
from services.gauntlet.worker.crash import MOST_KEPT, Crash
from shared.contract.evidence import (
    CanonicalReference,
    EloEstimate,
    Evidence,
    ModelMetadata,
)
from shared.contract.gauntlet_daemon import GauntletDaemon
from shared.contract.policy import GatePolicy, PlayPolicy, PolicyId
from shared.contract.words import (
    Architecture,
    BoardType,
    ConfigurationKey,
    Digest,
    EvaluationReason,
    EvaluationState,
    FailureCode,
    ModelPath,
    NetworkParameters,
    NumPlayers,
    TrainingDoor,
    TrainingState,
)
from shared.contract.words import (
    Games as GamesAsked,
)


class EvaluationRequest(BaseModel):
    """Ask for an evaluation of one model. Nothing is promoted unless it passes every gate under the policy in force."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"model_path": "models/example.pth", "board_type": "hex8", "num_players": 2}]},
    )

    board_type: BoardType = Field(examples=["hex8"])
    num_players: NumPlayers
    model_path: ModelPath | None = None
    digest: Digest | None = Field(default=None, description="SHA-256 of the file; alone: of a model already taken in")
    games: GamesAsked | None = Field(default=None, description="Games per opponent")
    architecture: Architecture | None = None
    parameters: NetworkParameters | None = None

    @model_validator(mode="after")
    def _names_a_model(self) -> Self:
        if self.model_path is None and self.digest is None:
            raise ValueError("give model_path (inside the models folder) or digest (of a model already taken in)")
        return self


class EvaluationView(BaseModel):
    """One evaluation: of which model, asked for why, and how far it is."""

    id: UUID
    configuration: ConfigurationKey
    reason: EvaluationReason
    state: EvaluationState
    revision: int
    waits_for: str | None = Field(description="What it waits for before it is played; null when it waits for nothing")
    policy_id: PolicyId | None = Field(description="Name of the gate policy; null until it is known")
    model_path: ModelPath | None
    digest: Digest | None
    architecture: Architecture | None = Field(
        description="The network as it was announced; null where the file says it itself"
    )
    parameters: NetworkParameters | None
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
    model: ModelMetadata | None
    opponents: list[OpponentProgress]
    panel: list[PanelProgress] = Field(description="Canonical versions of the past that are met beside the gates")
    cycles: list[CycleView] = Field(description="Circles, as of rock, paper and scissors, that the games establish")
    elo: EloEstimate | None = Field(description="Of the games against Random and Heuristic so far; for people")
    evidence: Evidence | None

    @classmethod
    def of_standing(cls, standing: Standing) -> Self:
        """From the evaluation and its games so far."""
        evaluation, found, ahead, paces = standing
        num_players = evaluation.configuration.num_players
        opponents = of_gates(found, num_players, paces) if found else []
        panel = of_panel(found, num_players, paces) if found else []
        circles = [each._asdict() for each in found.cycles] if found else []
        waits_for = ahead.words if ahead else evaluation.waits_for
        elo = found.elo if found else None
        told = {
            "model": evaluation.model, "opponents": opponents, "panel": panel, "cycles": circles, "elo": elo,
            "waits_for": waits_for,
        }  # fmt: skip
        return cls.model_validate({**_members(evaluation), **told})


class BackloggedEvaluation(BaseModel):
    """An evaluation that is played, or waits to be."""

    evaluation_id: UUID
    configuration: ConfigurationKey
    state: EvaluationState
    games: int = Field(description="Games that are left at most")
    seconds: float | None = Field(description="Processor seconds that they take; null where nobody knows yet")


class Backlog(BaseModel):
    """What is left to play, in the order in which it was asked for; scale workers on its seconds."""

    evaluations: list[BackloggedEvaluation]
    games: int
    seconds: float | None = Field(description="Of those evaluations of which they are known")
    waiting_workers: int = Field(description="Workers that wait for work at this service")


class Evaluations(BaseModel):
    """Evaluations, newest first. `next` is the `before` of the next page, null on the last."""

    items: list[EvaluationView]
    next: UUID | None


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


class GauntletStatus(BaseModel):
    """The service at a glance."""

    daemon: GauntletDaemon
    trainings: list[TrainingView] = Field(description="What trainers announced last, newest first")
    failed: list[EvaluationView] = Field(description="The last evaluations that ended without evidence, newest first")


class Games(BaseModel):
    """Recorded games by opponent, in schedule order. `next` is the `after` of the next page, null on the last."""

    items: list[PlayedGame]
    next: str | None


class CrashView(Crash):
    """A crash dossier, with its number among those of its evaluation and who reported it."""

    number: int
    worker: str
    reported_at: datetime

    @classmethod
    def of(cls, report: CrashReport) -> Self:
        """From the record."""
        said = {"number": report.number, "worker": report.worker, "reported_at": report.reported_at}
        return cls.model_validate({**report.crash.model_dump(), **said})


class Crashes(BaseModel):
    """Crash dossiers, in the order in which they came."""

    items: list[CrashView] = Field(max_length=MOST_KEPT)


def _members(evaluation: Evaluation) -> dict[str, Any]:
    return {**vars(evaluation), "configuration": str(evaluation.configuration)}


class UploadView(BaseModel):
    """A model that a trainer sends, as far as it is here."""

    digest: Digest
    offset: int = Field(ge=0, description="Bytes that are here; the next piece begins there", examples=[524_288])
    complete: bool = Field(description="Whether that is all, and it is an artifact: announce the digest")
    most_piece_bytes: int = Field(description="Bytes of a piece at most", examples=[524_288])
