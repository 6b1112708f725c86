"""What the gauntlet keeps for a time only, and which models nobody can play. Games that evidence was made of are not among it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from services.gauntlet.tables import canonical_versions, evaluations, games, trainings
from shared.contract.words import EvaluationState, FailureCode, TrainingState
from shared.storage.database import Read
from shared.storage.pruning import older_than, rule
from shared.storage.retention import Rule

REFUSED: FailureCode = "model_invalid"
REFUSED_WITHIN = timedelta(days=1)


def retention(games_days: float, rejected_days: float) -> list[Rule]:
    """Games of evaluations that ended without evidence, and rejected trainings."""
    return [
        rule(games, "games of evaluations that ended without evidence", games_days, _without_evidence),
        rule(trainings, "rejected trainings", rejected_days, _rejected),
    ]


def _without_evidence(age: timedelta) -> ColumnElement[bool]:
    failed = select(evaluations.c.id).where(
        evaluations.c.state == EvaluationState.FAILED, older_than(age, evaluations.c.ended_at)
    )
    return games.c.evaluation_id.in_(failed)


def _rejected(age: timedelta) -> ColumnElement[bool]:
    return (trainings.c.state == TrainingState.REJECTED) & older_than(age, trainings.c.received_at)


async def refused_models(tx: Read) -> list[tuple[UUID, str]]:
    """The evaluations that were refused on sight in the last day, with their models: those that are in no other evaluation but
    such, and never were canonical."""
    other = evaluations.alias()
    used = select(other.c.id).where(
        other.c.digest == evaluations.c.digest, other.c.failure_code.is_distinct_from(REFUSED)
    )
    canonical = select(canonical_versions.c.digest).where(canonical_versions.c.digest == evaluations.c.digest)
    refused = select(evaluations.c.id, evaluations.c.digest).where(
        evaluations.c.failure_code == REFUSED, evaluations.c.ended_at > func.now() - REFUSED_WITHIN,
        evaluations.c.digest.is_not(None), ~used.exists(), ~canonical.exists(),
    )  # fmt: skip
    return [(each.id, each.digest) for each in await tx.execute(refused)]
