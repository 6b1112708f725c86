"""FeedbackLoopController: what the suite evaluates in answer to a finished training or a request.

Pure: an event in, a planned evaluation out. Recording it, once for each event, and playing it are others' business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from uuid import UUID

from shared.contract.configuration import Configuration
from shared.contract.events.promotion import EvaluationRequested
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationReason


@dataclass(frozen=True)
class PlannedEvaluation:
    """An evaluation to be recorded. `model_path` or `digest` says of which model; both must then agree.

    policy: None where the promotion service has to be asked for it, with `games` for each opponent if given.
    """

    id: UUID
    configuration: Configuration
    reason: EvaluationReason
    games: int | None
    policy: GatePolicy | None
    play: PlayPolicy
    skip_games: bool
    model_path: str | None
    digest: str | None
    request_id: UUID | None = None


@dataclass(frozen=True)
class FeedbackLoopController:
    """Plans evaluations. `play`: how networks choose their moves here."""

    play: PlayPolicy

    def after_training(self, event_id: UUID, data: TrainingCompleted) -> PlannedEvaluation:
        """The evaluation of a model that a trainer announced. It carries the event's id, so that one event is one evaluation."""
        return self.on_request(event_id, data.configuration, data.model_path, data.digest, None, reason="training")

    def after_request(self, event_id: UUID, data: EvaluationRequested) -> PlannedEvaluation:
        """The evaluation that the promotion service asks for, under the policy that it names."""
        planned = self.on_request(
            event_id, data.configuration, data.model_path, data.digest, data.games, reason=data.reason
        )
        forced = data.reason == "forced"
        return replace(planned, policy=data.policy, skip_games=forced, request_id=data.request_id)

    def on_request(
        self, evaluation_id: UUID, configuration: Configuration, model_path: str | None, digest: str | None,
        games: int | None, *, reason: EvaluationReason = "request",
    ) -> PlannedEvaluation:  # fmt: skip
        """An evaluation of one model; `games` for each opponent instead of the policy's number."""
        return PlannedEvaluation(
            evaluation_id,
            configuration,
            reason,
            games,
            None,
            self.play,
            skip_games=False,
            model_path=model_path,
            digest=digest,
        )


def seed_of(configuration: Configuration, digest: str) -> int:
    """The seed that all games of an evaluation derive from, 63-bit.

    A function of the model alone: evaluating it again repeats its games, and more games extend them, so that trying again is
    never a fresh draw (statistics.md, Several tries).
    """
    return int.from_bytes(hashlib.sha256(f"{configuration} {digest}".encode()).digest()[:8], "big") >> 1
