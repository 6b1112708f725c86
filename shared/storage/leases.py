"""Leases: which of several processes does what only one may do, by a row of the database and by the database's clock.

Each taking has a term of its own, higher than all before, and what is written under a lease begins by asking whether its term is
still the present one. Nothing here knows what the lease is for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    DateTime,
    Float,
    MetaData,
    Table,
    Text,
    and_,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from shared.storage.database import Read, Transactions, Write

_NOW = func.clock_timestamp()


class LeaseLostError(Exception):
    """Another process has the lease, or it ran out."""


class Holder(NamedTuple):
    """A process that holds leases: its identity, and what people call it."""

    identity: str
    name: str


class Seen(NamedTuple):
    """A lease as it is. `is_good`: whether its time is not over; `said`: what its holder says of its work."""

    holder: Holder
    is_good: bool
    said: Mapping[str, Any]


def lease_table(metadata: MetaData) -> Table:
    """A schema's leases."""
    return Table(
        "leases",
        metadata,
        Column("name", Text, primary_key=True),
        Column("holder", Text, nullable=False),
        Column("holder_name", Text, nullable=False),
        Column("term", BigInteger, nullable=False),
        Column("until", DateTime(timezone=True), nullable=False),
        # how long a term lasts without being kept: what ends later than that was written by another clock
        Column("seconds", Float, nullable=False),
        Column("said", JSONB, nullable=False, server_default="{}"),
    )


class Lease(NamedTuple):
    """One lease. `seconds`: after which it is over, if it is not kept."""

    table: Table
    name: str
    seconds: float

    async def seen(self, tx: Read) -> Seen | None:
        """As it is; None if nobody ever took it."""
        t = self.table.c
        found = await tx.execute(
            select(t.holder, t.holder_name, _is_good(self.table), t.said).where(t.name == self.name)
        )
        row = found.first()
        return Seen(Holder(row[0], row[1]), row[2], row[3]) if row else None

    async def take(self, tx: Write, holder: Holder, gone: str | None = None) -> int | None:
        """Take it, if it is free, over, its own, or of the process `gone`, which is known to have ended; returns the term, None if
        another has it."""
        t = self.table.c
        row = {
            "holder": holder.identity,
            "holder_name": holder.name,
            "until": self._until,
            "seconds": self.seconds,
            "said": {},
        }
        is_free = or_(not_(_is_good(self.table)), t.holder.in_([holder.identity, gone]))
        taken = insert(self.table).values(name=self.name, term=1, **row)
        taken = taken.on_conflict_do_update(index_elements=["name"], set_={**row, "term": t.term + 1}, where=is_free)
        term: int | None = (await tx.execute(taken.returning(t.term))).scalar()
        return term

    async def keep(self, tx: Write, term: int, said: Mapping[str, Any]) -> None:
        """Hold it for longer. LeaseLostError."""
        values = {"until": self._until, "said": dict(said)}
        statement = update(self.table).where(self._is(term)).values(values)
        if (await tx.execute(statement.returning(self.table.c.term))).first() is None:
            raise LeaseLostError(f"another process has the lease {self.name}")

    async def give_up(self, tx: Write, term: int) -> None:
        """Let another process take it at once."""
        await tx.execute(update(self.table).where(self._is(term)).values(until=_NOW))

    async def require(self, tx: Read, term: int | None) -> None:
        """LeaseLostError if that is not the present term."""
        present = (await tx.execute(select(self.table.c.term).where(self.table.c.name == self.name))).scalar()
        if term is None or present != term:
            raise LeaseLostError(f"another process has the lease {self.name}")

    @property
    def _until(self) -> ColumnElement[Any]:
        return _NOW + func.make_interval(0, 0, 0, 0, 0, 0, self.seconds)

    def _is(self, term: int) -> ColumnElement[bool]:
        return and_(self.table.c.name == self.name, self.table.c.term == term)


class Fenced:
    """`Transactions` whose writes begin with a question that raises if this process may not write any more."""

    def __init__(self, database: Transactions, require: Callable[[Read], Awaitable[None]]) -> None:
        self._database, self._require = database, require

    def read(self) -> AbstractAsyncContextManager[Read]:
        """As the database's."""
        return self._database.read()

    @asynccontextmanager
    async def write(self, *, quiet: bool = False) -> AsyncIterator[Write]:
        """As the database's, after the question."""
        async with self._database.write(quiet=quiet) as tx:
            await self._require(tx)
            yield tx

    def wake(self) -> None:
        """As the database's."""
        self._database.wake()

    def changes(self, sweep: float) -> AsyncIterator[None]:
        """As the database's."""
        return self._database.changes(sweep)


def _is_good(table: Table) -> ColumnElement[bool]:
    longest = _NOW + func.make_interval(0, 0, 0, 0, 0, 0, table.c.seconds)
    return and_(table.c.until > _NOW, table.c.until <= longest)
