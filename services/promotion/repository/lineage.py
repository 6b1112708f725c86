"""Statements about what came of evaluations: the versions that their decisions made, how strong models were found to be."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.promotion import tables as t
from services.promotion.repository.versions import VERSIONS
from services.promotion.versions import CanonicalVersion
from shared.storage.database import Read


async def versions_by(tx: Read, decisions: Collection[UUID]) -> list[CanonicalVersion]:
    """The canonical versions that decisions made, oldest first."""
    made = VERSIONS.where(t.canonical_versions.c.decision_id.in_(decisions))
    return [CanonicalVersion(*row) for row in await tx.execute(made.order_by(t.canonical_versions.c.promoted_at))]


async def elo_of(tx: Read, configuration: str, digests: Collection[str]) -> dict[str, dict[str, Any]]:
    """How strong models were found to be when they were evaluated last, by digest; those without such a finding are left out."""
    elo = t.evaluations.c.evidence["elo"]
    found = (
        select(t.evaluations.c.digest, elo.label("elo"))
        .where(t.evaluations.c.configuration == configuration, t.evaluations.c.digest.in_(digests))
        .where(elo["rating"].astext.is_not(None))
        .order_by(t.evaluations.c.completed_at)
    )
    return {row.digest: row.elo for row in await tx.execute(found)}
