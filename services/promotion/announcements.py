"""What the promotion service says, as event data, from what it has decided. Pure; the service emits it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from services.promotion.controller import Decision
from services.promotion.curriculum import Weighed
from services.promotion.disposition import Outcome
from services.promotion.promotion_request import RequestedPromotion
from services.promotion.repository import DecisionRow
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.audit_chain import ChainHead
from shared.contract.configuration import Configuration
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.events.promotion import (
    CurriculumUpdated,
    EvaluationRequested,
    LedgerRestored,
    ModelPromoted,
    ModelPromotionFailed,
    ModelPromotionWithheld,
    RestoredHead,
)
from shared.contract.policy import GatePolicy
from shared.contract.words import DispositionCode


def evaluation_for(asked: RequestedPromotion, policy: GatePolicy) -> EvaluationRequested:
    """The evaluation that an operator's request needs."""
    configuration = Configuration.parse(asked.configuration)
    return EvaluationRequested(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        request_id=asked.id,
        reason="review" if asked.dry_run and asked.kind == "manual" else asked.kind,
        model_path=asked.model_path,
        games=asked.games,
        policy=policy,
    )


def evaluation_again(
    key: str,
    digest: str,
    request_id: UUID,
    reason: Literal["stale", "review"],
    policy: GatePolicy,
    games: int | None = None,
) -> EvaluationRequested:
    """Another evaluation of a model that was taken in: its evidence went stale, or somebody wants to see the games."""
    configuration = Configuration.parse(key)
    return EvaluationRequested(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        request_id=request_id,
        reason=reason,
        digest=digest,
        games=games,
        policy=policy,
    )


def promoted(
    to: NextVersion, size: int, head: CanonicalVersion | None, outcome: Outcome, audited: ChainHead, epoch: int
) -> ModelPromoted:
    """The pointer moved from `head` to a new version. `audited`: the row of the audit that says so."""
    configuration = Configuration.parse(to.configuration)
    return ModelPromoted(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        epoch=epoch,
        version=to.version,
        digest=to.digest,
        size=size,
        previous_version=head.version if head else None,
        previous_digest=head.digest if head else None,
        decision_id=to.decision_id,
        kind=to.kind,
        code=outcome.code,
        audit_sequence=audited.sequence,
        audit_hash=audited.hash,
    )


def restored(epoch: int, heads: Sequence[CanonicalVersion], reason: str) -> LedgerRestored:
    """The ledger was restored, and this is canonical in it."""
    told = [
        RestoredHead(configuration=each.configuration, version=each.version, digest=each.digest, size=each.size)
        for each in heads
    ]
    return LedgerRestored(epoch=epoch, heads=told, reason=reason)


def rejected(row: DecisionRow, by: str, reason: str) -> ModelPromotionFailed:
    """A person rejected a candidate that had passed."""
    configuration = Configuration.parse(row.configuration)
    return ModelPromotionFailed(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        digest=row.digest,
        decision_id=row.id,
        evaluation_id=row.evaluation_id,
        verdict="passed",
        disposition="refused",
        code="rejected",
        reasons=[f"rejected by {by}: {reason}"],
    )


def expired(row: DecisionRow, reason: str) -> ModelPromotionWithheld:
    """Nobody said a word on a candidate before its deadline."""
    configuration = Configuration.parse(row.configuration)
    return ModelPromotionWithheld(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        digest=row.digest,
        decision_id=row.id,
        evaluation_id=row.evaluation_id,
        verdict="passed",
        disposition="withheld",
        code="expired",
        reasons=[reason],
    )


def curriculum_updated(
    weighed: Weighed, configurations: int, code: DispositionCode, decision_id: UUID
) -> CurriculumUpdated:
    """The curriculum learnt from a candidate, and its configuration has another weight."""
    configuration = Configuration.parse(weighed.configuration)
    return CurriculumUpdated(
        board_type=configuration.board_type,
        num_players=configuration.num_players,
        weight=weighed.weight,
        share=weighed.share,
        struggle=weighed.struggle,
        staleness=weighed.staleness,
        configurations=configurations,
        code=code,
        decision_id=decision_id,
    )


def not_promoted(
    data: EvaluationCompleted, decision_id: UUID, decision: Decision, outcome: Outcome
) -> ModelPromotionFailed | ModelPromotionWithheld:
    """A candidate was judged and is not promoted: it is refused, or the suite or a person keeps it back."""
    told = ModelPromotionFailed if outcome.disposition == "refused" else ModelPromotionWithheld
    return told(
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
