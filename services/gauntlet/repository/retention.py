"""What the gauntlet keeps for a time only. Games that evidence was made of are not among it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, select

from services.gauntlet.tables import evaluations, games, trainings
from shared.contract.words import EvaluationState, TrainingState
from shared.storage.pruning import older_than, rule
from shared.storage.retention import Rule


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
