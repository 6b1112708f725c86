"""The statements about evaluations.

An evaluation is changed by reading it under its lock, moving it (evaluation.py) and saving it. A runner reads it by its lease, so
one that lost the lease finds nothing to move.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, tuple_, update

from services.gauntlet.evaluation import FOR_MODEL, NOTHING_ANNOUNCED, Announced, Evaluation
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.lease import LONGEST_AHEAD, Lease
from services.gauntlet.tables import evaluations
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from shared.storage.database import Read, Write, lock_for_transaction
from shared.storage.idempotency import insert_once

BATCH = 100
_EVALUATIONS: Select[Any] = select(evaluations, func.clock_timestamp().label("seen_at"))


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
        "architecture": planned.architecture,
        "parameters": dict(planned.parameters) if planned.parameters else None,
        "games": planned.games,
        "gates": _json(planned.policy),
        "policy_id": planned.policy.id if planned.policy else None,
        "play": _json(planned.play),
        "skip_games": planned.skip_games,
        "waits_for": FOR_MODEL,
    }
    return await insert_once(tx, evaluations, row)


async def evaluation(tx: Read, evaluation_id: UUID) -> Evaluation | None:
    """One evaluation."""
    return await _first(tx, _EVALUATIONS.where(evaluations.c.id == evaluation_id))


async def locked(tx: Write, evaluation_id: UUID) -> Evaluation | None:
    """One evaluation, locked until the transaction ends."""
    return await _first(tx, _EVALUATIONS.where(evaluations.c.id == evaluation_id).with_for_update())


async def held(tx: Write, lease: Lease) -> Evaluation | None:
    """The evaluation of a lease, locked until the transaction ends; None if the lease is lost."""
    return await _first(tx, _EVALUATIONS.where(_under(lease)).with_for_update())


async def next_claimable(tx: Write, lease_seconds: float) -> Evaluation | None:
    """The oldest evaluation that waits, or whose runner went silent, locked; one at a time for each configuration."""
    await lock_for_transaction(tx, "gauntlet claim")
    busy = evaluations.alias()
    running = select(busy.c.id).where(busy.c.configuration == evaluations.c.configuration, busy.c.state == "running")
    now = func.clock_timestamp()
    is_held = evaluations.c.lease_until.between(now, now + timedelta(seconds=LONGEST_AHEAD * lease_seconds))
    silent = and_(evaluations.c.state == "running", ~is_held)
    free = and_(evaluations.c.state == "queued", ~running.exists())
    oldest = _EVALUATIONS.where(or_(silent, free)).order_by(evaluations.c.requested_at).limit(1)
    return await _first(tx, oldest.with_for_update(of=evaluations))


async def save(tx: Write, moved: Evaluation) -> None:
    """Write an evaluation that was read under its lock and moved once."""
    before = and_(evaluations.c.id == moved.id, evaluations.c.revision == moved.revision - 1)
    if (await tx.execute(update(evaluations).where(before).values(_what_moves(moved)))).rowcount != 1:
        raise RuntimeError(f"evaluation {moved.id} changed after it was read; read it under its lock")


async def extend(tx: Write, lease: Lease) -> bool:
    """A heartbeat: the lease is good for all of its seconds again. False if it is lost."""
    until = func.clock_timestamp() + text(f"interval '{float(lease.seconds)} seconds'")
    return (await tx.execute(update(evaluations).where(_under(lease)).values(lease_until=until))).rowcount == 1


async def list_evaluations(
    tx: Read, configuration: str | None, state: EvaluationState | None, before: UUID | None, limit: int
) -> list[Evaluation]:
    """Evaluations, newest first; `before`: only those after that one in this order."""
    statement = _EVALUATIONS.order_by(evaluations.c.requested_at.desc(), evaluations.c.id.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(evaluations.c.configuration == configuration)
    if state is not None:
        statement = statement.where(evaluations.c.state == state)
    if before is not None:
        other = evaluations.alias()
        place = select(other.c.requested_at, other.c.id).where(other.c.id == before).scalar_subquery()
        statement = statement.where(tuple_(evaluations.c.requested_at, evaluations.c.id) < place)
    return await _all(tx, statement)


async def announced(tx: Read, digest: str) -> Announced:
    """The network that a model was announced with, the last time that anyone said it."""
    known = evaluations.c.architecture, evaluations.c.parameters
    said = select(*known).where(evaluations.c.digest == digest, evaluations.c.architecture.is_not(None))
    row = (await tx.execute(said.order_by(evaluations.c.requested_at.desc()).limit(1))).first()
    return Announced(row.architecture, row.parameters) if row else NOTHING_ANNOUNCED


async def without_model(tx: Read) -> list[Evaluation]:
    """Evaluations whose model file is not taken in yet, oldest first."""
    return await _all(tx, _received(evaluations.c.digest.is_(None)))


async def without_policy(tx: Read) -> list[Evaluation]:
    """Evaluations that have their model and no policy yet, oldest first."""
    return await _all(tx, _received(and_(evaluations.c.digest.is_not(None), evaluations.c.gates.is_(None))))


def _under(lease: Lease) -> ColumnElement[bool]:
    return and_(evaluations.c.id == lease.evaluation_id, evaluations.c.lease_owner == lease.owner)


def _received(lacking: ColumnElement[bool]) -> Select[Any]:
    waiting = _EVALUATIONS.where(evaluations.c.state == "received", lacking)
    return waiting.order_by(evaluations.c.requested_at).limit(BATCH)


async def _first(tx: Read, statement: Select[Any]) -> Evaluation | None:
    row = (await tx.execute(statement)).first()
    return _evaluation(row) if row else None


async def _all(tx: Read, statement: Select[Any]) -> list[Evaluation]:
    return [_evaluation(row) for row in await tx.execute(statement)]


def _evaluation(row: Row[Any]) -> Evaluation:
    columns = row._mapping
    met = row.previous_version is not None
    read: dict[str, Any] = {
        "configuration": Configuration.parse(columns["configuration"]),
        "state": EvaluationState(columns["state"]),
        "gates": GatePolicy.model_validate(columns["gates"]) if columns["gates"] else None,
        "play": PlayPolicy.model_validate(columns["play"]),
        "previous": CanonicalReference(version=row.previous_version, digest=row.previous_digest) if met else None,
        # strict models read times from JSON only
        "model": ModelMetadata.model_validate_json(json.dumps(columns["model"])) if columns["model"] else None,
        "evidence": Evidence.model_validate(columns["evidence"]) if columns["evidence"] else None,
    }
    return Evaluation(**{name: columns[name] for name in _AS_THEY_ARE}, **read)


_AS_THEY_ARE = (
    "id", "reason", "requested_at", "seen_at", "cause", "request_id", "model_path", "announced_digest", "architecture",
    "parameters", "games", "skip_games", "revision", "waits_for", "policy_id", "digest", "size", "seed", "attempts",
    "lease_owner", "lease_until", "failure_code", "failure_reason", "started_at", "ended_at",
)  # fmt: skip


def _what_moves(moved: Evaluation) -> dict[str, Any]:
    """The columns that moves change."""
    previous = moved.previous
    return {
        "state": moved.state,
        "revision": moved.revision,
        "waits_for": moved.waits_for,
        "gates": _json(moved.gates),
        "policy_id": moved.policy_id,
        "skip_games": moved.skip_games,
        "digest": moved.digest,
        "size": moved.size,
        "seed": moved.seed,
        "previous_version": previous.version if previous else None,
        "previous_digest": previous.digest if previous else None,
        "model": _json(moved.model),
        "attempts": moved.attempts,
        "lease_owner": moved.lease_owner,
        "lease_until": moved.lease_until,
        "evidence": _json(moved.evidence),
        "failure_code": moved.failure_code,
        "failure_reason": moved.failure_reason,
        "started_at": moved.started_at,
        "ended_at": moved.ended_at,
    }


def _json(model: GatePolicy | PlayPolicy | ModelMetadata | Evidence | None) -> dict[str, Any] | None:
    return model.model_dump(mode="json") if model else None
