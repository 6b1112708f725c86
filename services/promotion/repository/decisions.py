"""Statements about decisions: what was judged, under what, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Insert, Row, func, insert, select, tuple_

from services.promotion import tables as t
from services.promotion.controller import Decision, PromotionController
from services.promotion.disposition import Outcome
from services.promotion.versions import CanonicalVersion
from shared.storage.database import Read
from shared.storage.together import Rows, bound


class DecisionRow(NamedTuple):
    """One decision, with what it was made under; `evidence` only where it was asked for."""

    id: UUID
    configuration: str
    evaluation_id: UUID | None
    digest: str
    verdict: str
    disposition: str
    code: str
    why: str | None
    reasons: list[str]
    policy_id: str | None
    policy: dict[str, Any]
    may_skip: bool
    canonical_version: int | None
    approves: UUID | None
    decided_at: datetime
    evidence: dict[str, Any] | None = None


_DECISION = [t.decisions.c[name] for name in DecisionRow._fields if name != "evidence"]
_GIVEN = [name for name in DecisionRow._fields if name not in ("decided_at", "evidence")]


def decided(
    decision_id: UUID,
    configuration: str,
    digest: str,
    decision: Decision,
    outcome: Outcome,
    controller: PromotionController,
    canonical: CanonicalVersion | None,
    evaluation_id: UUID | None,
    approves: UUID | None = None,
) -> Rows:
    """A decision to be written, with everything it was made under, so that it can be made again. Its policy is recorded before."""
    row = {
        "id": decision_id,
        "configuration": configuration,
        "evaluation_id": evaluation_id,
        "digest": digest,
        "verdict": decision.verdict,
        "disposition": outcome.disposition,
        "code": outcome.code,
        "why": outcome.why,
        "reasons": decision.reasons,
        "policy_id": controller.policy.id,
        "policy": controller.policy,
        "may_skip": controller.may_skip,
        "canonical_version": canonical.version if canonical else None,
        "approves": approves,
    }
    return Rows(_decide, [row])


def _decide(rows: str) -> Insert:
    given = bound(rows, t.decisions, _GIVEN)
    return insert(t.decisions).from_select([*_GIVEN, "decided_at"], select(given, func.clock_timestamp()))


async def decisions(tx: Read, configuration: str | None, limit: int, before: UUID | None = None) -> list[DecisionRow]:
    """Decisions, newest first; only those older than `before`, if given."""
    statement = select(*_DECISION).order_by(t.decisions.c.decided_at.desc(), t.decisions.c.id.desc()).limit(limit)
    if before is not None:
        earlier = select(t.decisions.c.decided_at, t.decisions.c.id).where(t.decisions.c.id == before)
        statement = statement.where(tuple_(t.decisions.c.decided_at, t.decisions.c.id) < earlier.scalar_subquery())
    if configuration is not None:
        statement = statement.where(t.decisions.c.configuration == configuration)
    return [_decision(row) for row in await tx.execute(statement)]


async def decisions_of(tx: Read, evaluation_id: UUID) -> list[DecisionRow]:
    """What was decided on the evidence of an evaluation, newest first."""
    statement = select(*_DECISION).where(t.decisions.c.evaluation_id == evaluation_id)
    return [_decision(row) for row in await tx.execute(statement.order_by(t.decisions.c.decided_at.desc()))]


async def decision(tx: Read, decision_id: UUID) -> DecisionRow | None:
    """One decision, with the evidence of its evaluation (None for a rollback)."""
    joined = t.decisions.outerjoin(t.evaluations, t.evaluations.c.id == t.decisions.c.evaluation_id)
    columns = (*_DECISION, t.evaluations.c.evidence)
    row = (await tx.execute(select(*columns).select_from(joined).where(t.decisions.c.id == decision_id))).first()
    return _decision(row) if row else None


def _decision(row: Row[Any]) -> DecisionRow:
    return DecisionRow(**row._mapping)
