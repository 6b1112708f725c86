"""Statements about evaluations: what the gauntlet found, as it was reported."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.storage.database import Read, Write

_EVALUATION = "evaluation_"
_ARTIFACT = insert(t.artifacts).values(
    {column.name: bindparam(column.name, type_=column.type) for column in t.artifacts.c}
)
_COLUMNS = [column for column in t.evaluations.c if column.name != "completed_at"]
_RECORDED = (
    insert(t.evaluations)
    .values({column.name: bindparam(f"{_EVALUATION}{column.name}", type_=column.type) for column in _COLUMNS})
    .on_conflict_do_nothing()
    .returning(t.evaluations.c.id)
    .add_cte(_ARTIFACT.on_conflict_do_nothing().cte("artifact"))
)
"""The artifact, unless it is known, and the evaluation of it."""
_OPPONENT = {column.name for column in t.evaluation_opponents.columns} - {"evaluation_id"}


async def knows_artifact(tx: Read, digest: str) -> bool:
    """Whether a model with these bytes was ever judged."""
    return (await tx.execute(select(t.artifacts.c.digest).where(t.artifacts.c.digest == digest))).first() is not None


async def record_evaluation(tx: Write, data: EvaluationCompleted) -> bool:
    """Write the artifact, the evaluation and its games by opponent; False, and nothing written, if it is known already."""
    artifact = {
        "digest": data.digest,
        "size": data.size,
        "format": "pth",
        "metadata": data.model.model_dump(mode="json"),
    }
    previous = data.evidence.previous
    row = {
        "id": data.evaluation_id,
        "configuration": str(data.configuration),
        "digest": data.digest,
        "request_id": data.request_id,
        "evidence": data.evidence.model_dump(mode="json"),
        "previous_version": previous.version if previous else None,
    }
    values = {f"{_EVALUATION}{name}": value for name, value in row.items()}
    if (await tx.execute(_RECORDED, {**values, **artifact})).first() is None:
        return False
    opponents = [
        {"evaluation_id": data.evaluation_id, **each.model_dump(include=_OPPONENT)} for each in data.evidence.opponents
    ]
    if opponents:
        await tx.execute(insert(t.evaluation_opponents), opponents)
    return True
