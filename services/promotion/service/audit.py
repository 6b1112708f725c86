"""The audit: written with each act, in its transaction; shown; and verified, row by row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from services.promotion import repository
from services.promotion.act import Act
from services.promotion.repository import ListedRow
from shared.contract.audit_chain import MOST_FAULTS, Actor, Chains
from shared.contract.words import AuditAction
from shared.storage.database import Database, Read, Write
from shared.storage.together import write

PAGE = 1000
"""Rows that are read and verified at a time."""


async def record(tx: Write, by: Actor, act: Act) -> None:
    """Write down who did what, after what was written last. Whoever records a policy in the same transaction does so before."""
    moment = await repository.audit_moment(tx, act.configuration)
    row = act.after(moment.head, by, moment.at)
    await write(tx, repository.audited(row))


@dataclass(frozen=True)
class Audit:
    """Shows the audit and verifies it."""

    database: Database

    async def page(
        self, configuration: str | None, before: int | None, after: int | None, limit: int,
        action: AuditAction | None = None, actor: str | None = None,
    ) -> list[ListedRow]:  # fmt: skip
        """Rows, newest first; after a place, if one is given, oldest first."""
        async with self.database.read() as tx:
            return await repository.audit_rows(tx, configuration, before, after, limit, action, actor)

    async def verify(self) -> Chains:
        """Every chain, and whether each canonical version has its move."""
        chains, place = Chains(), 0
        async with self.database.read() as tx:
            while found := await repository.audit_rows(tx, None, None, place, PAGE):
                await asyncio.to_thread(_take, chains, found)
                place = found[-1].id
            await _compare_versions(tx, chains)
        return chains


def _take(chains: Chains, found: Sequence[ListedRow]) -> None:
    for each in found:
        chains.take(each.row.content)


async def _compare_versions(tx: Read, chains: Chains) -> None:
    for configuration, version in await repository.unrecorded_versions(tx, MOST_FAULTS):
        detail = f"version {version} of {configuration}: the audit has no move of the pointer to these bytes"
        chains.note(configuration, None, "unrecorded", detail)
