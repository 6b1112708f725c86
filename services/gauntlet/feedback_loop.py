"""FeedbackLoopController: what the suite evaluates in answer to a finished training or a request.

Pure: an event in, a planned evaluation out. Recording it, once for each event, and playing it are others' business. Gate policies
are the promotion service's: one that comes with a request is taken as it is, any other is asked for later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from shared.contract.configuration import Configuration
from shared.contract.events.promotion import EvaluationRequested
from shared.contract.events.trainer import TrainingCompleted
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationReason


@dataclass(frozen=True, kw_only=True)
class PlannedEvaluation:
    """An evaluation to be recorded. `model_path` or `digest` says of which model; both must then agree.

    `architecture`, `parameters`: of the network, where the file does not say it itself; `games`: how many were asked for against
    each opponent; `policy`: None where the promotion service has yet to name it.
    """

    id: UUID
    configuration: Configuration
    reason: EvaluationReason
    play: PlayPolicy
    model_path: str | None
    digest: str | None
    games: int | None = None
    policy: GatePolicy | None = None
    request_id: UUID | None = None
    architecture: str | None = None
    parameters: Mapping[str, int] | None = None

    @property
    def skip_games(self) -> bool:
        """Whether an operator has the model only loaded: by force, or by a policy that skips the games of all."""
        return self.reason == "forced" or (self.policy is not None and self.policy.skip_games)


@dataclass(frozen=True)
class FeedbackLoopController:
    """Plans evaluations, in each of which networks choose their moves by `play`."""

    play: PlayPolicy

    def after_training(self, training_id: UUID, data: TrainingCompleted) -> PlannedEvaluation:
        """The evaluation of a model that a trainer announced. It carries the training's id, so that one is the other's."""
        return PlannedEvaluation(
            id=training_id, configuration=data.configuration, reason="training", play=self.play,
            model_path=data.model_path, digest=data.digest, architecture=data.architecture, parameters=data.parameters,
        )  # fmt: skip

    def after_request(self, event_id: UUID, data: EvaluationRequested) -> PlannedEvaluation:
        """The evaluation that the promotion service asks for, under the policy that it names."""
        return PlannedEvaluation(
            id=event_id, configuration=data.configuration, reason=data.reason, play=self.play,
            model_path=data.model_path, digest=data.digest, games=data.games, policy=data.policy, request_id=data.request_id,
        )  # fmt: skip

    def on_request(
        self, evaluation_id: UUID, configuration: Configuration, model_path: str | None, digest: str | None, games: int | None,
        architecture: str | None = None, parameters: Mapping[str, int] | None = None,
    ) -> PlannedEvaluation:  # fmt: skip
        """An evaluation that someone asks the gauntlet for; `games` for each opponent instead of the policy's number."""
        return PlannedEvaluation(
            id=evaluation_id, configuration=configuration, reason="request", play=self.play,
            model_path=model_path, digest=digest, games=games, architecture=architecture, parameters=parameters,
        )  # fmt: skip


def seed_of(configuration: Configuration, digest: str) -> int:
    """The seed that all games of an evaluation derive from, 63-bit; `digest`: of the first file with its weights.

    A function of the weights alone: evaluating them again, from whatever file, repeats their games, and more games extend them, so
    that trying again is never a fresh draw (statistics.md, Several tries).
    """
    return int.from_bytes(hashlib.sha256(f"{configuration} {digest}".encode()).digest()[:8], "big") >> 1
