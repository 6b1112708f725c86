"""The statements of retention rules that are alike for every table: size, count, and deleting a few rows by condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, delete, func, select, text

from shared.storage.database import Read, Write
from shared.storage.retention import Rule, Size

Condition = Callable[[timedelta], ColumnElement[bool]]


def older_than(age: timedelta, column: ColumnElement[object]) -> ColumnElement[bool]:
    """Whether a time lies further back than that, by the database's clock."""
    return column < func.now() - age


def rule(table: Table, what: str, days: float, condition: Condition) -> Rule:
    """The rule that rows of a table for which the condition holds are over their time."""

    async def size(tx: Read) -> Size:
        named = {"name": f"{table.schema}.{table.name}"}
        statement = text(
            "select greatest(reltuples, 0)::bigint, pg_total_relation_size(oid) from pg_class where oid = to_regclass(:name)"
        )
        return Size(*(await tx.execute(statement, named)).one())

    async def overdue(tx: Read, age: timedelta) -> int:
        return int((await tx.execute(select(func.count()).select_from(table).where(condition(age)))).scalar_one())

    async def prune(tx: Write, age: timedelta, limit: int) -> int:
        key = table.primary_key.columns
        some = select(*key).where(condition(age)).limit(limit).with_for_update(skip_locked=True).cte("some")
        same = [column == some.c[column.name] for column in key]
        return int((await tx.execute(delete(table).where(*same))).rowcount)

    return Rule(f"{table.schema}.{table.name}", what, days, size, overdue, prune)
