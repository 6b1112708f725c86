"""What the promotion service says, as event data, from what it has decided. Pure; the service emits it."""

from __future__ import annotations

from uuid import UUID

from services.promotion.controller import Decision
from services.promotion.disposition import Outcome
from services.promotion.promotion_request import RequestedPromotion
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.configuration import Configuration
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.events.promotion import EvaluationRequested, ModelPromoted, ModelPromotionFailed
from shared.contract.policy import GatePolicy


def evaluation_for(asked: RequestedPromotion, policy: GatePolicy) -> EvaluationRequested:
    """The evaluation that an operator's request needs."""
    configuration = Configuration.parse(asked.configuration)
    return EvaluationRequested(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        request_id=asked.id,
        reason=asked.kind,
        model_path=asked.model_path,
        games=asked.games,
        policy=policy,
    )


def evaluation_again(
    data: EvaluationCompleted, request_id: UUID, games: int | None, policy: GatePolicy
) -> EvaluationRequested:
    """Another evaluation of a candidate whose evidence went stale."""
    return EvaluationRequested(
        board_type=data.board_type,
        num_players=data.num_players,
        request_id=request_id,
        reason="stale",
        digest=data.digest,
        games=games,
        policy=policy,
    )


def promoted(to: NextVersion, size: int, head: CanonicalVersion | None, outcome: Outcome) -> ModelPromoted:
    """The pointer moved from `head` to a new version."""
    configuration = Configuration.parse(to.configuration)
    return ModelPromoted(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        version=to.version,
        digest=to.digest,
        size=size,
        previous_version=head.version if head else None,
        previous_digest=head.digest if head else None,
        decision_id=to.decision_id,
        kind=to.kind,
        code=outcome.code,
    )


def not_promoted(
    data: EvaluationCompleted, decision_id: UUID, decision: Decision, outcome: Outcome
) -> ModelPromotionFailed:
    """A candidate was judged and is not promoted."""
    return ModelPromotionFailed(
        board_type=data.board_type,
        num_players=data.num_players,
        digest=data.digest,
        decision_id=decision_id,
        evaluation_id=data.evaluation_id,
        request_id=data.request_id,
        verdict=decision.verdict,
        disposition=outcome.disposition,
        code=outcome.code,
        reasons=list(outcome.reasons),
    )
