"""All SQL of the promotion service. Functions that change something take a `Write` and never commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.promotion import tables as t
from services.promotion.controller import Decision, PromotionController
from shared.contract.events import EvaluationCompleted, EvaluationRequested
from shared.contract.evidence import CanonicalReference
from shared.storage.database import Read, Write, lock_for_transaction

OPEN = "open"
Request = Row[Any]
"""A row of promotion_requests."""


class CanonicalVersion(NamedTuple):
    """One row of the pointer's history, with the size of its bytes."""

    configuration: str
    version: int
    digest: str
    size: int
    kind: str
    promoted_at: datetime
    reason: str
    decision_id: UUID

    @property
    def reference(self) -> CanonicalReference:
        """Version and digest alone."""
        return CanonicalReference(version=self.version, digest=self.digest)


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
    controller: PromotionController,
    canonical: CanonicalVersion | None,
    evaluation_id: UUID | None,
) -> UUID:
    """Write a decision with everything it was made under, so that it can be made again; returns its id."""
    decision_id = uuid4()
    row = {
        "id": decision_id,
        "configuration": configuration,
        "evaluation_id": evaluation_id,
        "digest": digest,
        "verdict": decision.verdict,
        "reasons": list(decision.reasons),
        "policy": controller.policy.model_dump(mode="json"),
        "may_skip": controller.may_skip,
        "canonical_version": canonical.version if canonical else None,
    }
    await tx.execute(insert(t.decisions).values(row))
    return decision_id


async def move_pointer(
    tx: Write, configuration: str, version: int, digest: str, decision_id: UUID, kind: str, by: str, reason: str
) -> None:
    """Append a canonical version; the database refuses any but the next one."""
    row = {
        "version": version,
        "digest": digest,
        "decision_id": decision_id,
        "kind": kind,
        "promoted_by": by,
        "reason": reason,
    }
    await tx.execute(insert(t.canonical_versions).values(configuration=configuration, **row))


async def add_request(tx: Write, data: EvaluationRequested, *, dry_run: bool, idempotency_key: str | None) -> UUID:
    """Write a promotion request; with a key that was used before, nothing is written. Returns the request's id."""
    row = {
        "id": data.request_id,
        "configuration": str(data.configuration),
        "model_path": data.model_path,
        "games": data.games,
        "kind": data.reason,
        "dry_run": dry_run,
        "idempotency_key": idempotency_key,
    }
    statement = insert(t.promotion_requests).values(row).on_conflict_do_nothing().returning(t.promotion_requests.c.id)
    written = (await tx.execute(statement)).scalar()
    if written is not None:
        return data.request_id
    same = select(t.promotion_requests.c.id).where(t.promotion_requests.c.idempotency_key == idempotency_key)
    found: UUID = (await tx.execute(same)).scalar_one()
    return found


async def request(tx: Read, request_id: UUID) -> Request | None:
    """One promotion request."""
    return (await tx.execute(select(t.promotion_requests).where(t.promotion_requests.c.id == request_id))).first()


async def open_requests(tx: Read) -> Sequence[Request]:
    """Requests without an end, oldest first."""
    table = t.promotion_requests
    return (await tx.execute(select(table).where(table.c.state == OPEN).order_by(table.c.requested_at))).all()


async def close_request(tx: Write, request_id: UUID, state: str, reason: str, decision_id: UUID | None = None) -> None:
    """End an open request."""
    table = t.promotion_requests
    values = {"state": state, "reason": reason, "decision_id": decision_id, "closed_at": func.now()}
    await tx.execute(update(table).where(table.c.id == request_id, table.c.state == OPEN).values(**values))


async def decisions(tx: Read, configuration: str | None, limit: int) -> Sequence[Row[Any]]:
    """The newest decisions, newest first."""
    statement = select(t.decisions).order_by(t.decisions.c.decided_at.desc()).limit(limit)
    if configuration is not None:
        statement = statement.where(t.decisions.c.configuration == configuration)
    return (await tx.execute(statement)).all()


async def decision(tx: Read, decision_id: UUID) -> Row[Any] | None:
    """One decision, with the evidence of its evaluation (None for a rollback)."""
    joined = t.decisions.outerjoin(t.evaluations, t.evaluations.c.id == t.decisions.c.evaluation_id)
    statement = select(t.decisions, t.evaluations.c.evidence).select_from(joined).where(t.decisions.c.id == decision_id)
    return (await tx.execute(statement)).first()


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
