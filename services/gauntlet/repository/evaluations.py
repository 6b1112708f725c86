"""The statements about evaluations.

An evaluation is changed by reading it under its lock, moving it (evaluation.py) and saving it.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select, tuple_, update

from services.gauntlet.announced import NOTHING_ANNOUNCED, Announced
from services.gauntlet.backlog import HEAD_START, SHORT_GAMES
from services.gauntlet.cost import Cost
from services.gauntlet.evaluation import FOR_MODEL, OPEN, Evaluation
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.tables import claims, evaluations
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata, PanelMember
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from shared.storage.database import Read, Write
from shared.storage.idempotency import insert_once

BATCH = 100


class Turn(NamedTuple):
    """An evaluation that may have work; `begins`: whether it would be its first."""

    evaluation_id: UUID
    begins: bool


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


async def locked_of_claim(tx: Write, claim_id: UUID) -> Evaluation | None:
    """The evaluation of a claim, locked until the transaction ends."""
    of_claim = select(claims.c.evaluation_id).where(claims.c.id == claim_id).scalar_subquery()
    return await _first(tx, _EVALUATIONS.where(evaluations.c.id == of_claim).with_for_update(of=evaluations))


async def playable(tx: Read, most_running: int, limit: int, after: int, held: float = 0) -> list[Turn]:
    """Evaluations that may be played, in the order in which they are: by age, short ones with a head start before long ones.

    Of one configuration only so many run at once; `after`: how many of this list are passed over; `held`: only those of which some
    claim is older than so many seconds.
    """
    others = evaluations.alias()
    running = select(func.count()).where(
        others.c.configuration == evaluations.c.configuration, others.c.state == "running"
    )
    may_begin = and_(evaluations.c.state == "queued", running.scalar_subquery() < most_running)
    games = func.coalesce(evaluations.c.gates["games"].as_integer(), 0)
    turn = evaluations.c.requested_at + case((games > SHORT_GAMES, HEAD_START), else_=timedelta())
    wanted = select(evaluations.c.id, evaluations.c.state).where(or_(evaluations.c.state == "running", may_begin))
    if held:
        issued_before = func.clock_timestamp() - timedelta(seconds=held)
        of_it = claims.c.evaluation_id == evaluations.c.id, ~claims.c.is_over, claims.c.issued_at < issued_before
        wanted = wanted.where(exists().where(*of_it))
    rows = await tx.execute(wanted.order_by(turn, evaluations.c.id).offset(after).limit(limit))
    return [Turn(row.id, row.state == "queued") for row in rows]


async def running(tx: Read, configuration: str) -> int:
    """How many evaluations of a configuration are played."""
    of_it = evaluations.c.configuration == configuration, evaluations.c.state == "running"
    return (await tx.execute(select(func.count()).where(*of_it))).scalar_one()


async def locked_unless_busy(tx: Write, evaluation_id: UUID) -> Evaluation | None:
    """One evaluation, locked until the transaction ends; None if another transaction has it just now."""
    wanted = _EVALUATIONS.where(evaluations.c.id == evaluation_id)
    return await _first(tx, wanted.with_for_update(of=evaluations, skip_locked=True))


async def overdue(tx: Read, seconds: float) -> list[UUID]:
    """Evaluations that have been played for longer than `seconds`."""
    begun_before = func.clock_timestamp() - timedelta(seconds=seconds)
    late = select(evaluations.c.id).where(evaluations.c.state == "running", evaluations.c.started_at < begun_before)
    return [row.id for row in await tx.execute(late)]


async def oldest_open(tx: Read) -> float:
    """Since how many seconds the oldest evaluation that has not ended was asked for, 0 without one."""
    age = func.extract("epoch", func.clock_timestamp() - func.min(evaluations.c.requested_at))
    is_open = evaluations.c.state.in_(["received", "queued", "running"])
    return float((await tx.execute(select(func.coalesce(age, 0)).where(is_open))).scalar_one())


async def save(tx: Write, moved: Evaluation) -> None:
    """Write an evaluation that was read under its lock and moved once."""
    before = and_(evaluations.c.id == moved.id, evaluations.c.revision == moved.revision - 1)
    if (await tx.execute(update(evaluations).where(before).values(_what_moves(moved)))).rowcount != 1:
        raise RuntimeError(f"evaluation {moved.id} changed after it was read; read it under its lock")


async def list_evaluations(
    tx: Read, configuration: str | None, state: EvaluationState | None, before: UUID | None, limit: int,
    request_id: UUID | None = None,
) -> list[Evaluation]:  # fmt: skip
    """Evaluations, newest first; `before`: only those after that one in this order."""
    statement = _EVALUATIONS.order_by(evaluations.c.requested_at.desc(), evaluations.c.id.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(evaluations.c.configuration == configuration)
    if state is not None:
        statement = statement.where(evaluations.c.state == state)
    if request_id is not None:
        statement = statement.where(evaluations.c.request_id == request_id)
    if before is not None:
        other = evaluations.alias()
        place = select(other.c.requested_at, other.c.id).where(other.c.id == before).scalar_subquery()
        statement = statement.where(tuple_(evaluations.c.requested_at, evaluations.c.id) < place)
    return await _all(tx, statement)


async def open_evaluations(tx: Read) -> dict[str, int]:
    """How many evaluations have not ended, by their state."""
    counts = [
        func.count().filter(evaluations.c.state == state).label(state) for state in OPEN
    ]  # fmt: skip
    row = (await tx.execute(select(*counts).where(evaluations.c.state.in_(OPEN)))).one()
    return dict(row._mapping)


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
        "panel": tuple(PanelMember.model_validate(each) for each in columns["panel"]),
        "evidence": Evidence.model_validate(columns["evidence"]) if columns["evidence"] else None,
        "cost": Cost(row.cpu_seconds, row.forward_seconds, row.surplus_games),
    }
    return Evaluation(**{name: columns[name] for name in _AS_THEY_ARE}, **read)


_AS_THEY_ARE = (
    "id", "reason", "requested_at", "seen_at", "cause", "request_id", "model_path", "announced_digest", "architecture",
    "parameters", "games", "skip_games", "revision", "waits_for", "policy_id", "digest", "size", "seed", "confinement", "attempts",
    "failure_code", "failure_reason", "started_at", "ended_at",
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
        "panel": [_json(each) for each in moved.panel],
        "model": _json(moved.model),
        "attempts": moved.attempts,
        "confinement": moved.confinement,
        **moved.cost._asdict(),
        "evidence": _json(moved.evidence),
        "failure_code": moved.failure_code,
        "failure_reason": moved.failure_reason,
        "started_at": moved.started_at,
        "ended_at": moved.ended_at,
    }


def _json(model: BaseModel | None) -> dict[str, Any] | None:
    return model.model_dump(mode="json") if model else None
