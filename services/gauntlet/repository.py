"""All SQL of the gauntlet service. Functions that change something take a `Write` and never commit.

What a runner writes carries its lease: a runner that lost it changes nothing, and learns so from a False.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from play.record import PlayedGame
from services.gauntlet.evaluation import (
    CLAIM,
    COMPLETE,
    FAIL,
    OPEN,
    RELEASE,
    TAKE_IN,
    TAKE_OVER,
    Claimed,
    Evaluation,
    Lease,
    Move,
)  # fmt: skip
from services.gauntlet.evidence import Result
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.tables import canonical_versions, evaluations, games, policies
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState
from shared.storage.artifacts import Artifact
from shared.storage.database import Read, Write, lock_for_transaction
from shared.storage.idempotency import insert_once

_AS_IS = (
    "id", "reason", "cause", "request_id", "model_path", "announced_digest", "games", "skip_games", "waits_for", "digest",
    "size", "seed", "model", "attempts", "revision", "evidence", "failure_code", "failure_reason", "requested_at",
    "started_at", "ended_at",
)  # fmt: skip


def _evaluation(row: Row[Any]) -> Evaluation:
    met = row.previous_version is not None
    return Evaluation(
        configuration=Configuration.parse(row.configuration),
        policy=GatePolicy.model_validate(row.gates) if row.gates else None,
        play=PlayPolicy.model_validate(row.play),
        state=EvaluationState(row.state),
        previous=CanonicalReference(version=row.previous_version, digest=row.previous_digest) if met else None,
        **{name: row._mapping[name] for name in _AS_IS},
    )


def _policy(policy: GatePolicy | None) -> dict[str, Any]:
    return {"gates": policy.model_dump(mode="json"), "policy_id": policy.id} if policy else {}


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
        "play": planned.play.model_dump(mode="json"),
        "skip_games": planned.skip_games,
        **_policy(planned.policy),
    }
    return await insert_once(tx, evaluations, row)


async def evaluation(tx: Read, evaluation_id: UUID) -> Evaluation | None:
    """One evaluation."""
    found = await _evaluations(tx, select(evaluations).where(evaluations.c.id == evaluation_id))
    return found[0] if found else None


async def lock_open(tx: Write, evaluation_id: UUID) -> Evaluation | None:
    """An evaluation that has not ended, locked until the transaction does; None if there is none."""
    wanted = and_(evaluations.c.id == evaluation_id, evaluations.c.state.in_(OPEN))
    found = await _evaluations(tx, select(evaluations).where(wanted).with_for_update())
    return found[0] if found else None


async def list_evaluations(
    tx: Read, configuration: str | None, state: str | None, before: UUID | None, limit: int
) -> list[Evaluation]:
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
    return await _evaluations(tx, statement)


async def received(tx: Read) -> list[Evaluation]:
    """Evaluations that are not ready to be played yet, oldest first."""
    waiting = select(evaluations).where(evaluations.c.state == EvaluationState.RECEIVED)
    return await _evaluations(tx, waiting.order_by(evaluations.c.requested_at).limit(100))


async def _evaluations(tx: Read, statement: Select[Any]) -> list[Evaluation]:
    return [_evaluation(row) for row in await tx.execute(statement)]


async def wait_for(tx: Write, evaluation_id: UUID, what: str) -> None:
    """Say what an evaluation waits for, if that has changed."""
    this = and_(evaluations.c.id == evaluation_id, evaluations.c.waits_for.is_distinct_from(what))
    await _change(tx, and_(this, evaluations.c.state == EvaluationState.RECEIVED), {"waits_for": what})


async def take_in(tx: Write, evaluation_id: UUID, artifact: Artifact, seed: int, policy: GatePolicy) -> None:
    """The model's bytes are in the store and the policy is known: the evaluation can be played."""
    values = {"digest": artifact.digest, "size": artifact.size, "seed": seed, "waits_for": None, **_policy(policy)}
    if policy.skip_games:
        values["skip_games"] = True
    await _move(tx, TAKE_IN, evaluations.c.id == evaluation_id, values)


async def claim(tx: Write, owner: UUID, lease_seconds: float) -> Claimed | None:
    """Take the oldest evaluation that waits, or whose worker went silent; one at a time for each configuration."""
    await lock_for_transaction(tx, "gauntlet claim")
    busy = evaluations.alias()
    silent = and_(
        evaluations.c.state.in_(TAKE_OVER.sources), evaluations.c.lease_until < func.clock_timestamp()
    )  # fmt: skip
    free = and_(
        evaluations.c.state.in_(CLAIM.sources),
        ~select(busy.c.id)
        .where(busy.c.configuration == evaluations.c.configuration, busy.c.state == EvaluationState.RUNNING)
        .exists(),
    )
    oldest = select(evaluations.c.id).where(or_(silent, free)).order_by(evaluations.c.requested_at).limit(1)
    values = {
        "state": CLAIM.target,
        "lease_owner": owner,
        "lease_until": _from_now(lease_seconds),
        "attempts": evaluations.c.attempts + 1,
    }
    taken = await _change(tx, evaluations.c.id == oldest.scalar_subquery(), values)
    return Claimed(taken, Lease(taken.id, owner, lease_seconds)) if taken else None


async def begin(tx: Write, lease: Lease, previous: CanonicalReference | None) -> None:
    """The first attempt starts: fix the canonical version that is met."""
    met = {"previous_version": previous.version, "previous_digest": previous.digest} if previous else {}
    await _change(tx, _held(lease), {"started_at": func.clock_timestamp(), **met})


async def extend_lease(tx: Write, lease: Lease) -> bool:
    """The worker is alive."""
    statement = update(evaluations).where(_held(lease)).values(lease_until=_from_now(lease.seconds))
    return (await tx.execute(statement.returning(evaluations.c.id))).first() is not None


async def record_model(tx: Write, lease: Lease, model: ModelMetadata) -> bool:
    """What the checkpoint says of itself."""
    return await _change(tx, _held(lease), {"model": model.model_dump(mode="json")}) is not None


async def record_games(tx: Write, lease: Lease, played: Sequence[PlayedGame]) -> bool:
    """Finished games, each once. Progress proves that the worker can play: the count of attempts begins anew."""
    if await _change(tx, _held(lease), {"attempts": 0}) is None:
        return False
    rows = [{"evaluation_id": lease.evaluation_id, **each.model_dump()} for each in played]
    await tx.execute(insert(games).on_conflict_do_nothing(), rows)
    return True


async def release(tx: Write, lease: Lease, *, counted: bool) -> None:
    """Give an evaluation back to the queue; an attempt that was not the worker's fault is not `counted`."""
    attempts = evaluations.c.attempts if counted else func.greatest(evaluations.c.attempts - 1, 0)
    await _move(tx, RELEASE, _held(lease), {"lease_owner": None, "lease_until": None, "attempts": attempts})


async def complete(tx: Write, lease: Lease, evidence: Evidence) -> bool:
    """The evaluation ends with evidence."""
    return await _end(tx, COMPLETE, _held(lease), {"evidence": evidence.model_dump(mode="json")})


async def fail(tx: Write, evaluation_id: UUID, lease: Lease | None, code: str, reason: str) -> bool:
    """The evaluation ends without evidence; with a lease only if that still holds."""
    which = evaluations.c.id == evaluation_id if lease is None else _held(lease)
    return await _end(tx, FAIL, which, {"failure_code": code, "failure_reason": reason})


def _held(lease: Lease) -> ColumnElement[bool]:
    """The evaluation, if that lease is still the one."""
    return and_(evaluations.c.id == lease.evaluation_id, evaluations.c.lease_owner == lease.owner)


async def _end(tx: Write, move: Move, which: ColumnElement[bool], values: dict[str, Any]) -> bool:
    ended = {"lease_owner": None, "lease_until": None, "waits_for": None, "ended_at": func.clock_timestamp()}
    return await _move(tx, move, which, {**ended, **values}) is not None


async def _move(tx: Write, move: Move, which: ColumnElement[bool], values: dict[str, Any]) -> Evaluation | None:
    """Make a move; None if the evaluation is in no state from which there is one."""
    may = and_(which, evaluations.c.state.in_(move.sources))
    return await _change(tx, may, {"state": move.target, **values})


async def _change(tx: Write, which: ColumnElement[bool], values: dict[str, Any]) -> Evaluation | None:
    """Update an evaluation, with a new revision; None if it is not (any more) as `which` says."""
    statement = update(evaluations).where(which).values(revision=evaluations.c.revision + 1, **values)
    row = (await tx.execute(statement.returning(evaluations))).first()
    return _evaluation(row) if row else None


async def played_games(tx: Read, evaluation_id: UUID) -> list[PlayedGame]:
    """Every recorded game, in schedule order for each opponent."""
    statement = _games(evaluation_id).order_by(games.c.opponent, games.c.index)
    return [PlayedGame.model_validate(row._mapping) for row in await tx.execute(statement)]


async def page_of_games(
    tx: Read, evaluation_id: UUID, opponent: str | None, offset: int, limit: int
) -> list[PlayedGame]:
    """Recorded games in schedule order."""
    statement = _games(evaluation_id)
    if opponent is not None:
        statement = statement.where(games.c.opponent == opponent)
    page = statement.order_by(games.c.opponent, games.c.index).offset(offset).limit(limit)
    return [PlayedGame.model_validate(row._mapping) for row in await tx.execute(page)]


def _games(evaluation_id: UUID) -> Select[Any]:
    columns = [games.c[name] for name in PlayedGame.model_fields]
    return select(*columns).where(games.c.evaluation_id == evaluation_id)


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
    statement = insert(policies).values(configuration=str(configuration), **_policy(policy))
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


def _from_now(seconds: float) -> ColumnElement[Any]:
    return func.clock_timestamp() + text(f"interval '{float(seconds)} seconds'")
