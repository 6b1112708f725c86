"""All SQL of the promotion service. Functions that change something take a `Write` and never commit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.controller import Decision, PromotionController
from services.promotion.disposition import Outcome
from services.promotion.promotion_request import Closing, PromotionRequest, RequestedPromotion
from services.promotion.versions import CanonicalVersion, NextVersion
from shared.contract.events.gauntlet import EvaluationCompleted
from shared.contract.policy import GatePolicy
from shared.contract.words import RequestState
from shared.storage.database import Read, Write, lock_for_transaction
from shared.storage.idempotency import insert_once


class DecisionRow(NamedTuple):
    """One decision, with what it was made under; `evidence` only where it was asked for."""

    id: UUID
    configuration: str
    evaluation_id: UUID | None
    digest: str
    verdict: str
    disposition: str
    code: str
    reasons: list[str]
    policy_id: str | None
    policy: dict[str, Any]
    may_skip: bool
    canonical_version: int | None
    decided_at: datetime
    evidence: dict[str, Any] | None = None


_DECISION = [t.decisions.c[name] for name in DecisionRow._fields if name != "evidence"]
_REQUEST = [t.promotion_requests.c[name] for name in PromotionRequest.__dataclass_fields__]
_VERSIONS = select(
    t.canonical_versions.c.configuration,
    t.canonical_versions.c.version,
    t.canonical_versions.c.digest,
    t.artifacts.c.size,
    t.canonical_versions.c.kind,
    t.canonical_versions.c.promoted_at,
    t.canonical_versions.c.reason,
    t.canonical_versions.c.decision_id,
).join(t.artifacts, t.artifacts.c.digest == t.canonical_versions.c.digest)


async def lock_configuration(tx: Write, configuration: str) -> None:
    """One promotion of a configuration at a time: held until the transaction ends."""
    await lock_for_transaction(tx, f"promotion {configuration}")


async def head(tx: Read, configuration: str) -> CanonicalVersion | None:
    """The canonical version of a configuration now."""
    found = await versions(tx, configuration, limit=1)
    return found[0] if found else None


async def versions(tx: Read, configuration: str, limit: int = 1000) -> list[CanonicalVersion]:
    """The pointer's history, newest first."""
    table = t.canonical_versions
    statement = _VERSIONS.where(table.c.configuration == configuration).order_by(table.c.version.desc()).limit(limit)
    return [CanonicalVersion(*row) for row in await tx.execute(statement)]


async def version(tx: Read, configuration: str, number: int) -> CanonicalVersion | None:
    """One version of a configuration."""
    table = t.canonical_versions
    row = (await tx.execute(_VERSIONS.where(table.c.configuration == configuration, table.c.version == number))).first()
    return CanonicalVersion(*row) if row else None


async def version_of(tx: Read, digest: str) -> CanonicalVersion | None:
    """The newest version that has these bytes."""
    table = t.canonical_versions
    statement = _VERSIONS.where(table.c.digest == digest).order_by(table.c.promoted_at.desc()).limit(1)
    row = (await tx.execute(statement)).first()
    return CanonicalVersion(*row) if row else None


async def heads(tx: Read) -> list[CanonicalVersion]:
    """The canonical version of every configuration."""
    table = t.canonical_versions
    newest = select(table.c.configuration, func.max(table.c.version)).group_by(table.c.configuration)
    statement = _VERSIONS.where(tuple_(table.c.configuration, table.c.version).in_(newest)).order_by(
        table.c.configuration
    )
    return [CanonicalVersion(*row) for row in await tx.execute(statement)]


async def record_evaluation(tx: Write, data: EvaluationCompleted) -> bool:
    """Write the artifact, the evaluation and its games by opponent; False, and nothing written, if it is known already."""
    artifact = {
        "digest": data.digest,
        "size": data.size,
        "format": "pth",
        "metadata": data.model.model_dump(mode="json"),
    }
    await tx.execute(insert(t.artifacts).values(artifact).on_conflict_do_nothing())
    previous = data.evidence.previous
    row = {
        "id": data.evaluation_id,
        "configuration": str(data.configuration),
        "digest": data.digest,
        "request_id": data.request_id,
        "evidence": data.evidence.model_dump(mode="json"),
        "previous_version": previous.version if previous else None,
    }
    written = insert(t.evaluations).values(row).on_conflict_do_nothing().returning(t.evaluations.c.id)
    if (await tx.execute(written)).first() is None:
        return False
    opponents = [
        {"evaluation_id": data.evaluation_id, **each.model_dump(exclude={"distinct_games", "network_evaluations"})}
        for each in data.evidence.opponents
    ]
    if opponents:
        await tx.execute(insert(t.evaluation_opponents), opponents)
    return True


async def record_decision(
    tx: Write,
    configuration: str,
    digest: str,
    decision: Decision,
    outcome: Outcome,
    controller: PromotionController,
    canonical: CanonicalVersion | None,
    evaluation_id: UUID | None,
) -> UUID:
    """Write a decision with everything it was made under, so that it can be made again; returns its id."""
    await record_policy(tx, controller.policy)
    decision_id = uuid4()
    row = {
        "id": decision_id,
        "configuration": configuration,
        "evaluation_id": evaluation_id,
        "digest": digest,
        "verdict": decision.verdict,
        "disposition": outcome.disposition,
        "code": outcome.code,
        "reasons": list(decision.reasons),
        "policy_id": controller.policy.id,
        "policy": controller.policy.model_dump(mode="json"),
        "may_skip": controller.may_skip,
        "canonical_version": canonical.version if canonical else None,
    }
    await tx.execute(insert(t.decisions).values(row))
    return decision_id


async def append_version(tx: Write, to: NextVersion, by: str) -> None:
    """Append a canonical version; the database refuses any but the next one."""
    await tx.execute(insert(t.canonical_versions).values(**to._asdict(), promoted_by=by))


async def record_policy(tx: Write, policy: GatePolicy) -> None:
    """Remember a policy under its name; a known one changes nothing."""
    row = {"id": policy.id, "gates": policy.model_dump(mode="json")}
    await tx.execute(insert(t.policies).values(row).on_conflict_do_nothing())


async def add_request(tx: Write, asked: RequestedPromotion) -> UUID:
    """Write a promotion request; with a key that was used before, nothing is written. Returns the id of the one that is there."""
    return await insert_once(tx, t.promotion_requests, asdict(asked))


async def request(tx: Read, request_id: UUID) -> PromotionRequest | None:
    """One promotion request."""
    found = await _requests(tx, select(*_REQUEST).where(t.promotion_requests.c.id == request_id))
    return found[0] if found else None


async def open_requests(tx: Read) -> list[PromotionRequest]:
    """Requests without an end, oldest first."""
    table = t.promotion_requests
    statement = select(*_REQUEST).where(table.c.state == RequestState.OPEN).order_by(table.c.requested_at)
    return await _requests(tx, statement)


async def _requests(tx: Read, statement: Select[Any]) -> list[PromotionRequest]:
    rows = await tx.execute(statement)
    return [PromotionRequest(**{**row._mapping, "state": RequestState(row.state)}) for row in rows]


async def close_request(tx: Write, request_id: UUID, closing: Closing | None) -> None:
    """End a request that is open; without a closing, and after an end, it stays as it is."""
    if closing is None:
        return
    table = t.promotion_requests
    this = (table.c.id == request_id, table.c.state == RequestState.OPEN)
    await tx.execute(update(table).where(*this).values(**asdict(closing), closed_at=func.now()))


async def decisions(tx: Read, configuration: str | None, limit: int) -> list[DecisionRow]:
    """The newest decisions, newest first."""
    statement = select(*_DECISION).order_by(t.decisions.c.decided_at.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(t.decisions.c.configuration == configuration)
    return [_decision(row) for row in await tx.execute(statement)]


async def decision(tx: Read, decision_id: UUID) -> DecisionRow | None:
    """One decision, with the evidence of its evaluation (None for a rollback)."""
    joined = t.decisions.outerjoin(t.evaluations, t.evaluations.c.id == t.decisions.c.evaluation_id)
    columns = (*_DECISION, t.evaluations.c.evidence)
    row = (await tx.execute(select(*columns).select_from(joined).where(t.decisions.c.id == decision_id))).first()
    return _decision(row) if row else None


def _decision(row: Row[Any]) -> DecisionRow:
    return DecisionRow(**row._mapping)


async def lock_projection(tx: Write, configuration: str) -> None:
    """One writer of a configuration's files at a time: held until the transaction ends."""
    await lock_for_transaction(tx, f"projection {configuration}")


async def projected(tx: Read) -> dict[str, int]:
    """The version whose files were written last, by configuration."""
    return {row.configuration: row.version for row in await tx.execute(select(t.projections))}


async def record_projection(tx: Write, configuration: str, version: int) -> None:
    """Remember that a version's files are written."""
    statement = insert(t.projections).values(configuration=configuration, version=version)
    changed = {"version": version, "projected_at": func.now()}
    await tx.execute(statement.on_conflict_do_update(index_elements=["configuration"], set_=changed))


async def record_audit(tx: Write, actor: str, action: str, detail: dict[str, Any]) -> None:
    """Write down who did what."""
    await tx.execute(insert(t.audit).values(actor=actor, action=action, detail=detail))
