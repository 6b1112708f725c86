"""The statements about trainings."""

from __future__ import annotations

from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.gauntlet.tables import evaluations, trainings
from services.gauntlet.training import Training
from shared.contract.words import TrainingState
from shared.storage.database import Read, Write

_WRITTEN = tuple(each.name for each in fields(Training) if each.name not in ("received_at", "evaluation_state"))
_TRAININGS: Select[Any] = select(
    *[trainings.c[name] for name in (*_WRITTEN, "received_at")], evaluations.c.state.label("evaluation_state")
).outerjoin(evaluations, evaluations.c.id == trainings.c.id)


async def add_training(tx: Write, training: Training) -> Training | None:
    """Record a training; one of its source and event id that is there already is returned instead, locked, and stays."""
    row = _row(training)
    written = insert(trainings).values(row).on_conflict_do_nothing().returning(trainings.c.id)
    if (await tx.execute(written)).first() is not None:
        return None
    same = (trainings.c.source == training.source, trainings.c.event_id == training.event_id)
    statement = _TRAININGS.where(*same).with_for_update(of=trainings)
    return _training((await tx.execute(statement)).one())


async def replace_training(tx: Write, training: Training) -> None:
    """Write a training over the one that has its id."""
    row = {**_row(training), "received_at": func.now()}
    await tx.execute(update(trainings).where(trainings.c.id == training.id).values(row))


async def training(tx: Read, training_id: UUID) -> Training | None:
    """One training, with where its evaluation is."""
    row = (await tx.execute(_TRAININGS.where(trainings.c.id == training_id))).first()
    return _training(row) if row else None


async def list_trainings(
    tx: Read, source: str | None, event_id: str | None, state: TrainingState | None, before: UUID | None, limit: int
) -> list[Training]:
    """Trainings, newest first; `before`: only those after that one in this order."""
    statement = _TRAININGS.order_by(trainings.c.received_at.desc(), trainings.c.id.desc()).limit(limit)
    for column, wanted in (
        (trainings.c.source, source), (trainings.c.event_id, event_id), (trainings.c.state, state),
    ):  # fmt: skip
        if wanted is not None:
            statement = statement.where(column == wanted)
    if before is not None:
        other = trainings.alias()
        place = select(other.c.received_at, other.c.id).where(other.c.id == before).scalar_subquery()
        statement = statement.where(tuple_(trainings.c.received_at, trainings.c.id) < place)
    return [_training(row) for row in await tx.execute(statement)]


def _row(training: Training) -> dict[str, Any]:
    return {name: getattr(training, name) for name in _WRITTEN} | {"notes": list(training.notes)}


def _training(row: Row[Any]) -> Training:
    read = {"state": TrainingState(row.state), "notes": tuple(row.notes)}
    return Training(**{**row._mapping, **read})
