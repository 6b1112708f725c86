"""FeedbackLoopController: what the suite evaluates in answer to a finished training or a request.

Pure: an event in, a planned evaluation out. Recording it, once for each event, and playing it are others' business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared.contract.configuration import Configuration
from shared.contract.events import EvaluationRequested, TrainingCompleted
from shared.contract.evidence import GatePolicy, PlayPolicy

Reason = Literal["training", "request", "manual", "forced", "stale"]


@dataclass(frozen=True)
class PlannedEvaluation:
    """An evaluation to be recorded. `model_path` or `digest` says of which model; both must then agree."""

    id: UUID
    configuration: Configuration
    reason: Reason
    gates: GatePolicy
    play: PlayPolicy
    skip_games: bool
    model_path: str | None
    digest: str | None
    request_id: UUID | None = None


@dataclass(frozen=True)
class FeedbackLoopController:
    """Plans evaluations under the policy in force. `skip_games`: an operator switched the games off."""

    gates: GatePolicy
    play: PlayPolicy
    skip_games: bool = False

    def after_training(self, event_id: UUID, data: TrainingCompleted) -> PlannedEvaluation:
        """The evaluation of a model that a trainer announced. It carries the event's id, so that one event is one evaluation."""
        return self.on_request(event_id, data.configuration, "training", data.model_path, data.digest, None)

    def after_request(self, event_id: UUID, data: EvaluationRequested) -> PlannedEvaluation:
        """The evaluation that the promotion service asks for."""
        return self.on_request(
            event_id, data.configuration, data.reason, data.model_path, data.digest, data.games, data.request_id
        )

    def on_request(
        self, evaluation_id: UUID, configuration: Configuration, reason: Reason, model_path: str | None,
        digest: str | None, games: int | None, request_id: UUID | None = None,
    ) -> PlannedEvaluation:  # fmt: skip
        """An evaluation of one model; `games` for each opponent instead of the policy's number."""
        gates = self.gates if games is None else self.gates.model_copy(update={"games": games})
        skip = self.skip_games or reason == "forced"
        return PlannedEvaluation(
            evaluation_id, configuration, reason, gates, self.play, skip, model_path, digest, request_id
        )


def seed_of(configuration: Configuration, digest: str) -> int:
    """The seed that all games of an evaluation derive from, 63-bit.

    A function of the model alone: evaluating it again repeats its games, and more games extend them, so that trying again is
    never a fresh draw (statistics.md, Several tries).
    """
    return int.from_bytes(hashlib.sha256(f"{configuration} {digest}".encode()).digest()[:8], "big") >> 1
