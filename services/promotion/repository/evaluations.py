"""Statements about evaluations: what the gauntlet found, as it was reported."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Table, select, true
from sqlalchemy.dialects.postgresql import Insert, insert

from services.promotion import tables as t
from services.promotion.repository.versions import LOCKS, lock_of
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.storage.database import Read, Write, locked
from shared.storage.together import bound

_GAMES = {column.name for column in t.evaluation_opponents.c} - {"evaluation_id"}
_LOCKED = locked(*LOCKS)


def _into(table: Table, rows: str, names: Sequence[str]) -> Insert:
    """Rows that are not there yet, written when the locks are held: two who write the same must not wait for each other."""
    given = bound(rows, table, names)
    return insert(table).from_select(names, select(given).join_from(given, _LOCKED, true())).on_conflict_do_nothing()


_RECORDED = (
    _into(t.evaluations, "evaluation", ("id", "configuration", "digest", "request_id", "evidence", "previous_version"))
    .returning(t.evaluations.c.id)
    .add_cte(
        _into(t.artifacts, "artifact", ("digest", "size", "format", "metadata")).cte("artifact"),
        _into(t.evaluation_opponents, "opponents", ("evaluation_id", *sorted(_GAMES))).cte("opponents"),
    )
)


async def knows_artifact(tx: Read, digest: str) -> bool:
    """Whether a model with these bytes was ever judged."""
    return (await tx.execute(select(t.artifacts.c.digest).where(t.artifacts.c.digest == digest))).first() is not None


async def record_evaluation(tx: Write, data: EvaluationCompleted) -> bool:
    """Take the configuration's locks, and write the artifact, the evaluation and its games by opponent; False, and nothing written,
    if it is known already."""
    artifact = {"digest": data.digest, "size": data.size, "format": "pth", "metadata": data.model}
    previous = data.evidence.previous
    evaluation = {
        "id": data.evaluation_id,
        "configuration": str(data.configuration),
        "digest": data.digest,
        "request_id": data.request_id,
        "evidence": data.evidence,
        "previous_version": previous.version if previous else None,
    }
    opponents = [
        {"evaluation_id": data.evaluation_id, **each.model_dump(include=_GAMES)} for each in data.evidence.opponents
    ]
    rows = {"artifact": [artifact], "evaluation": [evaluation], "opponents": opponents}
    return (await tx.execute(_RECORDED, {**rows, **lock_of(str(data.configuration))})).first() is not None
