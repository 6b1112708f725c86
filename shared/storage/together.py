"""Rows of several tables, written by one statement: one way to the database and back, where each table alone would cost one.

No table sees the others' new rows meanwhile, but foreign keys are looked at when all are written. Rows travel as JSON, so that a
statement is the same however many there are, and is made once. Nothing here knows a table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Insert, Table, TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import JSONB

from shared.storage.database import Write

Into = Callable[[str], Insert]
"""Makes the insert of rows that are bound under a name; a function of a module, because what it makes is kept."""


class Rows(NamedTuple):
    """Rows of one table. What a row lacks is null."""

    into: Into
    rows: Sequence[Mapping[str, Any]]


def bound(rows: str, table: Table, names: Sequence[str]) -> TableValuedAlias:
    """The rows that are bound under a name, in their order, with these columns of a table."""
    columns = (column(name, table.c[name].type) for name in names)
    given = func.jsonb_to_recordset(bindparam(rows, type_=JSONB)).table_valued(*columns)
    return given.render_derived(with_types=True)


async def write(tx: Write, *rows: Rows) -> None:
    """Write them all, in one statement. The order is the database's: what has to be there first, such as a lock, is that insert's
    own business."""
    filled = [each for each in rows if each.rows]
    if filled:
        statement = _together(tuple(each.into for each in filled))
        await tx.execute(statement, {_name(number): each.rows for number, each in enumerate(filled)})


@lru_cache(maxsize=100)
def _together(into: tuple[Into, ...]) -> Insert:
    first, *others = (each(_name(number)) for number, each in enumerate(into))
    return first.add_cte(*(each.cte(f"written_{number}") for number, each in enumerate(others)))


def _name(number: int) -> str:
    return f"rows_{number}"
