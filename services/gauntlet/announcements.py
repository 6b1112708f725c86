"""What the gauntlet says of an evaluation: that it started, and the one event that it ends with; and of a rejected training.

Pure: emitting them, in the transaction that makes them true, is the service's business.
"""

from __future__ import annotations

from typing import Any

from services.gauntlet.evaluation import Evaluation
from services.gauntlet.training import Training
from shared.contract.audit_chain import Actor
from shared.contract.events import EventData
from shared.contract.events.gauntlet import (
    EvaluationCompleted,
    EvaluationFailed,
    EvaluationProgress,
    EvaluationStarted,
    GauntletActed,
    TrainingRejected,
)
from shared.contract.evidence import OpponentEvidence


def started(evaluation: Evaluation) -> EventData:
    """EVALUATION_STARTED, with the first attempt."""
    return EvaluationStarted(digest=evaluation.playable.digest, **_identity(evaluation))


def progressed(evaluation: Evaluation, against: OpponentEvidence) -> EventData:
    """EVALUATION_PROGRESS, with a decided gate that is not the last one."""
    verdict = against.verdict(evaluation.playable.gates, evaluation.configuration.num_players)
    digest = evaluation.playable.digest
    return EvaluationProgress(digest=digest, verdict=verdict, against=against, **_identity(evaluation))


def ended(evaluation: Evaluation) -> EventData:
    """The terminal event of an evaluation that has ended. ValueError of one that has not."""
    if evaluation.evidence is not None and evaluation.model is not None:
        playable = evaluation.playable
        return EvaluationCompleted(
            digest=playable.digest, size=playable.size, model=evaluation.model, evidence=evaluation.evidence,
            **_identity(evaluation),
        )  # fmt: skip
    if evaluation.failure_code is None or evaluation.failure_reason is None:
        raise ValueError(f"evaluation {evaluation.id} is {evaluation.state}, with nothing to say of an end")
    return EvaluationFailed(
        code=evaluation.failure_code, reason=evaluation.failure_reason, model_path=evaluation.model_path,
        digest=evaluation.digest or evaluation.announced_digest, **_identity(evaluation),
    )  # fmt: skip


def cancelled_by(evaluation: Evaluation, by: Actor, reason: str | None) -> EventData:
    """GAUNTLET_ACTED: an operator ended an evaluation."""
    return GauntletActed(
        action="cancel", configuration=str(evaluation.configuration), actor=by.name, address=by.address,
        about={"evaluation_id": str(evaluation.id)}, reason=reason,
    )  # fmt: skip


def rejected(training: Training) -> EventData:
    """TRAINING_REJECTED, for who announced it."""
    return TrainingRejected(
        training_id=training.id, source=training.source, event_id=training.event_id,
        configuration=training.configuration, reason=training.reason or "",
    )  # fmt: skip


def _identity(evaluation: Evaluation) -> dict[str, Any]:
    configuration = evaluation.configuration._asdict()
    return {**configuration, "evaluation_id": evaluation.id, "request_id": evaluation.request_id}
