"""Retention: what is kept for how long, what would go now, and letting it go in small steps.

A rule's statements are its owner's, in a repository. Whatever a decision rests on has no rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from prometheus_client import Counter, Gauge

from shared.process.logs import get_logger
from shared.storage.database import Read, Transactions, Write

BATCH = 1000
PASS_SECONDS = 3600.0
ROWS = Gauge("ringrift_table_rows", "Rows of a table, as Postgres estimates them", ["table"])
BYTES = Gauge("ringrift_table_bytes", "Bytes of a table with its indexes", ["table"])
PRUNED = Counter("ringrift_pruned_rows", "Rows whose time was over and that were deleted", ["table"])
_log = get_logger(__name__)


class Size(NamedTuple):
    """How large a table is: rows as Postgres estimates them, bytes with its indexes."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Rule:
    """What of a table is kept for so many days. `overdue` counts what is older, `prune` deletes at most so many rows of it."""

    table: str
    what: str
    days: float
    size: Callable[[Read], Awaitable[Size]]
    overdue: Callable[[Read, timedelta], Awaitable[int]]
    prune: Callable[[Write, timedelta, int], Awaitable[int]]

    @property
    def age(self) -> timedelta:
        """How old a row may become."""
        return timedelta(days=self.days)


class Figures(NamedTuple):
    """A rule's table now: its size, and how many of its rows are over their time."""

    rule: Rule
    size: Size
    overdue: int


@dataclass(frozen=True)
class Retention:
    """The rules of one service."""

    database: Transactions
    rules: Sequence[Rule]

    async def figures(self) -> list[Figures]:
        """Every rule with what it would delete now."""
        async with self.database.read() as tx:
            found = [Figures(rule, await rule.size(tx), await rule.overdue(tx, rule.age)) for rule in self.rules]
        for rule, size, _ in found:
            ROWS.labels(rule.table).set(size.rows)
            BYTES.labels(rule.table).set(size.bytes)
        return found

    async def prune(self) -> dict[str, int]:
        """Delete what is over its time, a small transaction at a time; returns the rows deleted by table."""
        return {rule.table: await self._prune(rule) for rule in self.rules}

    async def run(self) -> None:
        """Delete what is over its time, again every hour, for ever."""
        while True:
            await self.prune()
            await self.figures()
            await asyncio.sleep(PASS_SECONDS)

    async def _prune(self, rule: Rule) -> int:
        pruned = 0
        while True:
            async with self.database.write(quiet=True) as tx:
                deleted = await rule.prune(tx, rule.age, BATCH)
            pruned += deleted
            PRUNED.labels(rule.table).inc(deleted)
            if deleted < BATCH:
                break
        if pruned:
            _log.info("pruned", table=rule.table, rows=pruned, older_than_days=rule.days)
        return pruned
