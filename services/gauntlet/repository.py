"""All SQL of the gauntlet service. Functions that change something take a `Write` and never commit.

An evaluation is changed by reading it under its lock, moving it (evaluation.py) and saving it. A runner reads it by its lease, so
one that lost the lease finds nothing to move.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from play.record import PlayedGame
from services.gauntlet.evaluation import FOR_MODEL, Evaluation
from services.gauntlet.evidence import Result
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.lease import Lease
from services.gauntlet.tables import canonical_versions, evaluations, games, policies
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


async def next_claimable(tx: Write) -> Evaluation | None:
    """The oldest evaluation that waits, or whose runner went silent, locked; one at a time for each configuration."""
    await lock_for_transaction(tx, "gauntlet claim")
    busy = evaluations.alias()
    running = select(busy.c.id).where(busy.c.configuration == evaluations.c.configuration, busy.c.state == "running")
    silent = and_(evaluations.c.state == "running", evaluations.c.lease_until < func.clock_timestamp())
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


async def without_model(tx: Read) -> list[Evaluation]:
    """Evaluations whose model file is not taken in yet, oldest first."""
    return await _all(tx, _received(evaluations.c.digest.is_(None)))


async def without_policy(tx: Read) -> list[Evaluation]:
    """Evaluations that have their model and no policy yet, oldest first."""
    return await _all(tx, _received(and_(evaluations.c.digest.is_not(None), evaluations.c.gates.is_(None))))


async def record_games(tx: Write, evaluation_id: UUID, played: Sequence[PlayedGame]) -> None:
    """Finished games, each once."""
    rows = [{"evaluation_id": evaluation_id, **each.model_dump()} for each in played]
    await tx.execute(insert(games).on_conflict_do_nothing(), rows)


async def played_games(tx: Read, evaluation_id: UUID) -> list[PlayedGame]:
    """Every recorded game, in schedule order for each opponent."""
    return await _games(tx, _in_order(evaluation_id))


async def page_of_games(
    tx: Read, evaluation_id: UUID, opponent: str | None, offset: int, limit: int
) -> list[PlayedGame]:
    """Recorded games in schedule order."""
    statement = _in_order(evaluation_id).offset(offset).limit(limit)
    return await _games(tx, statement if opponent is None else statement.where(games.c.opponent == opponent))


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


async def remember_policy(tx: Write, configuration: Configuration, policy: GatePolicy) -> None:
    """The promotion service's policy for a configuration, as it was read last."""
    row = {"configuration": str(configuration), "policy_id": policy.id, "gates": _json(policy)}
    statement = insert(policies).values(row)
    changed = {"policy_id": statement.excluded.policy_id, "gates": statement.excluded.gates, "read_at": func.now()}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration"], set_=changed))


async def remembered_policy(tx: Read, configuration: Configuration) -> GatePolicy | None:
    """The policy that was read last for a configuration, None if none ever was."""
    wanted = select(policies.c.gates).where(policies.c.configuration == str(configuration))
    gates = (await tx.execute(wanted)).scalar()
    return GatePolicy.model_validate(gates) if gates else None


async def knows_a_policy(tx: Read) -> bool:
    """Whether any policy was ever read."""
    return (await tx.execute(select(policies.c.policy_id).limit(1))).first() is not None


def _under(lease: Lease) -> ColumnElement[bool]:
    return and_(evaluations.c.id == lease.evaluation_id, evaluations.c.lease_owner == lease.owner)


def _received(lacking: ColumnElement[bool]) -> Select[Any]:
    waiting = _EVALUATIONS.where(evaluations.c.state == "received", lacking)
    return waiting.order_by(evaluations.c.requested_at).limit(BATCH)


def _in_order(evaluation_id: UUID) -> Select[Any]:
    columns = [games.c[name] for name in PlayedGame.model_fields]
    return select(*columns).where(games.c.evaluation_id == evaluation_id).order_by(games.c.opponent, games.c.index)


async def _games(tx: Read, statement: Select[Any]) -> list[PlayedGame]:
    return [PlayedGame.model_validate(dict(row._mapping)) for row in await tx.execute(statement)]


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
    "id", "reason", "requested_at", "seen_at", "cause", "request_id", "model_path", "announced_digest", "games", "skip_games",
    "revision", "waits_for", "policy_id", "digest", "size", "seed", "attempts", "lease_owner", "lease_until", "failure_code",
    "failure_reason", "started_at", "ended_at",
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
