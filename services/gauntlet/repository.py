"""All SQL of the gauntlet service. Functions that change something take a `Write` and never commit.

What a runner writes carries its lease: a runner that lost it changes nothing, and learns so from a False.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from play.record import PlayedGame
from services.gauntlet.evidence import Result
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.tables import canonical_versions, evaluations, games
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.storage.artifacts import Artifact
from shared.storage.database import Read, Write, lock_for_transaction

OPEN = ("received", "queued", "running")
Evaluation = Row[Any]
"""A row of gauntlet.evaluations."""


async def add_evaluation(
    tx: Write, planned: PlannedEvaluation, cause: dict[str, Any] | None, idempotency_key: str | None = None
) -> UUID:
    """Record an evaluation to be made; the same one, or the same key, again changes nothing. Returns its id."""
    row = {
        "id": planned.id,
        "configuration": str(planned.configuration),
        "reason": planned.reason,
        "cause": cause,
        "request_id": planned.request_id,
        "idempotency_key": idempotency_key,
        "model_path": planned.model_path,
        "announced_digest": planned.digest,
        "gates": planned.gates.model_dump(mode="json"),
        "play": planned.play.model_dump(mode="json"),
        "skip_games": planned.skip_games,
    }
    statement = insert(evaluations).values(row).on_conflict_do_nothing().returning(evaluations.c.id)
    if (await tx.execute(statement)).scalar() is not None or idempotency_key is None:
        return planned.id
    same = select(evaluations.c.id).where(evaluations.c.idempotency_key == idempotency_key)
    found: UUID = (await tx.execute(same)).scalar_one()
    return found


async def evaluation(tx: Read, evaluation_id: UUID) -> Evaluation | None:
    """One evaluation."""
    return (await tx.execute(select(evaluations).where(evaluations.c.id == evaluation_id))).first()


async def lock_open(tx: Write, evaluation_id: UUID) -> Evaluation | None:
    """An evaluation that has not ended, locked until the transaction does; None if there is none."""
    wanted = and_(evaluations.c.id == evaluation_id, evaluations.c.state.in_(OPEN))
    return (await tx.execute(select(evaluations).where(wanted).with_for_update())).first()


async def list_evaluations(
    tx: Read, configuration: str | None, state: str | None, before: UUID | None, limit: int
) -> Sequence[Evaluation]:
    """Evaluations, newest first; `before`: only those after that one in this order."""
    key = tuple_(evaluations.c.requested_at, evaluations.c.id)
    statement = select(evaluations).order_by(evaluations.c.requested_at.desc(), evaluations.c.id.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(evaluations.c.configuration == configuration)
    if state is not None:
        statement = statement.where(evaluations.c.state == state)
    if before is not None:
        other = evaluations.alias()
        statement = statement.where(
            key < select(other.c.requested_at, other.c.id).where(other.c.id == before).scalar_subquery()
        )
    return (await tx.execute(statement)).all()


async def received(tx: Read) -> Sequence[Evaluation]:
    """Evaluations whose model file is not taken in yet, oldest first."""
    waiting = select(evaluations).where(evaluations.c.state == "received")
    return (await tx.execute(waiting.order_by(evaluations.c.requested_at).limit(100))).all()


async def queue(tx: Write, evaluation_id: UUID, artifact: Artifact, seed: int) -> None:
    """The model's bytes are in the store: the evaluation can be played."""
    values = {"state": "queued", "digest": artifact.digest, "size": artifact.size, "seed": seed}
    await _change(tx, and_(evaluations.c.id == evaluation_id, evaluations.c.state == "received"), values)


async def claim(tx: Write, owner: UUID, lease_seconds: float) -> Evaluation | None:
    """Take the oldest evaluation that waits, or whose worker went silent; one at a time for each configuration."""
    await lock_for_transaction(tx, "gauntlet claim")
    busy = evaluations.alias()
    silent = and_(evaluations.c.state == "running", evaluations.c.lease_until < func.clock_timestamp())
    free = and_(
        evaluations.c.state == "queued",
        ~select(busy.c.id)
        .where(busy.c.configuration == evaluations.c.configuration, busy.c.state == "running")
        .exists(),
    )
    oldest = select(evaluations.c.id).where(or_(silent, free)).order_by(evaluations.c.requested_at).limit(1)
    values = {
        "state": "running",
        "lease_owner": owner,
        "lease_until": _from_now(lease_seconds),
        "attempts": evaluations.c.attempts + 1,
    }
    return await _change(tx, evaluations.c.id == oldest.scalar_subquery(), values)


async def begin(tx: Write, owned: ColumnElement[bool], previous: CanonicalReference | None) -> None:
    """The first attempt starts: fix the canonical version that is met."""
    met = {"previous_version": previous.version, "previous_digest": previous.digest} if previous else {}
    await _change(tx, owned, {"started_at": func.clock_timestamp(), **met})


def this(evaluation_id: UUID) -> ColumnElement[bool]:
    """The evaluation, whoever has its lease."""
    return evaluations.c.id == evaluation_id


def owned_by(evaluation_id: UUID, owner: UUID) -> ColumnElement[bool]:
    """The evaluation, if that runner still has its lease."""
    return and_(evaluations.c.id == evaluation_id, evaluations.c.lease_owner == owner)


async def extend_lease(tx: Write, owned: ColumnElement[bool], lease_seconds: float) -> bool:
    """The worker is alive."""
    statement = (
        update(evaluations).where(owned).values(lease_until=_from_now(lease_seconds)).returning(evaluations.c.id)
    )
    return (await tx.execute(statement)).first() is not None


async def record_model(tx: Write, owned: ColumnElement[bool], model: ModelMetadata) -> bool:
    """What the checkpoint says of itself."""
    return await _change(tx, owned, {"model": model.model_dump(mode="json")}) is not None


async def record_games(
    tx: Write, owned: ColumnElement[bool], evaluation_id: UUID, played: Sequence[PlayedGame]
) -> bool:
    """Finished games, each once. Progress proves that the worker can play: the count of attempts begins anew."""
    if await _change(tx, owned, {"attempts": 0}) is None:
        return False
    rows = [{"evaluation_id": evaluation_id, **each.model_dump()} for each in played]
    await tx.execute(insert(games).on_conflict_do_nothing(), rows)
    return True


async def release(tx: Write, owned: ColumnElement[bool], *, counted: bool) -> None:
    """Give an evaluation back to the queue; an attempt that was not the worker's fault is not `counted`."""
    attempts = evaluations.c.attempts if counted else func.greatest(evaluations.c.attempts - 1, 0)
    values = {"state": "queued", "lease_owner": None, "lease_until": None, "attempts": attempts}
    await _change(tx, owned, values)


async def complete(tx: Write, owned: ColumnElement[bool], evidence: Evidence) -> bool:
    """The evaluation ends with evidence."""
    return await _end(tx, owned, {"state": "completed", "evidence": evidence.model_dump(mode="json")})


async def fail(tx: Write, which: ColumnElement[bool], code: str, reason: str) -> bool:
    """The evaluation ends without evidence."""
    return await _end(tx, which, {"state": "failed", "failure_code": code, "failure_reason": reason})


async def _end(tx: Write, which: ColumnElement[bool], values: dict[str, Any]) -> bool:
    ended = {"lease_owner": None, "lease_until": None, "ended_at": func.clock_timestamp(), **values}
    return await _change(tx, and_(which, evaluations.c.state.in_(OPEN)), ended) is not None


async def _change(tx: Write, which: ColumnElement[bool], values: dict[str, Any]) -> Evaluation | None:
    """Update an evaluation, with a new revision; None if it is not (any more) as `which` says."""
    statement = update(evaluations).where(which).values(revision=evaluations.c.revision + 1, **values)
    changed: Evaluation | None = (await tx.execute(statement.returning(evaluations))).first()
    return changed


async def played_games(tx: Read, evaluation_id: UUID) -> list[PlayedGame]:
    """Every recorded game, in schedule order for each opponent."""
    columns = [games.c[name] for name in PlayedGame.model_fields]
    statement = select(*columns).where(games.c.evaluation_id == evaluation_id).order_by(games.c.opponent, games.c.index)
    return [PlayedGame.model_validate(row._mapping) for row in await tx.execute(statement)]


async def page_of_games(
    tx: Read, evaluation_id: UUID, opponent: str | None, offset: int, limit: int
) -> Sequence[Row[Any]]:
    """Recorded games in schedule order."""
    statement = select(games).where(games.c.evaluation_id == evaluation_id)
    if opponent is not None:
        statement = statement.where(games.c.opponent == opponent)
    return (await tx.execute(statement.order_by(games.c.opponent, games.c.index).offset(offset).limit(limit))).all()


async def results(tx: Read, evaluation_id: UUID) -> list[Result]:
    """What counts of every recorded game."""
    columns = (games.c.opponent, games.c.outcome, games.c.units, games.c.network_evaluations, func.md5(games.c.moves))
    rows = await tx.execute(select(*columns).where(games.c.evaluation_id == evaluation_id))
    return [Result(*row) for row in rows]


async def canonical(tx: Read, configuration: str) -> CanonicalReference | None:
    """The newest canonical version that this service has heard of."""
    wanted = select(canonical_versions).where(canonical_versions.c.configuration == configuration)
    row = (await tx.execute(wanted)).first()
    return CanonicalReference(version=row.version, digest=row.digest) if row else None


async def record_canonical(tx: Write, configuration: str, version: int, digest: str) -> None:
    """A canonical version; an older one than is known changes nothing."""
    statement = insert(canonical_versions).values(configuration=configuration, version=version, digest=digest)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["configuration"],
            set_={"version": version, "digest": digest},
            where=canonical_versions.c.version < version,
        )
    )


def _from_now(seconds: float) -> ColumnElement[Any]:
    return func.clock_timestamp() + text(f"interval '{float(seconds)} seconds'")
