"""Statements that a connection keeps prepared: one for each text, not too many, and none that is out of date for long."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from shared.storage.connecting import MOST_PREPARED
from shared.storage.database import Database, is_outage

KEPT = "select count(*) from pg_prepared_statements where statement like :like"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database without a pooler in between."""
    database = Database(database_url)
    yield database
    await database.close()


async def ask(database: Database, statement: str, **values: object) -> object:
    """The first value of an answer."""
    async with database.read() as tx:
        return (await tx.execute(text(statement), values)).scalar()


async def test_a_statement_is_prepared_once(database: Database) -> None:
    """However often it is asked, and whatever its values are."""
    for value in range(5):
        assert await ask(database, "select :value + 1729", value=value) == value + 1729
    assert await ask(database, KEPT, like="%$1%+ 1729%") == 1


async def test_only_so_many_are_kept(database: Database) -> None:
    """Texts that are never asked again make way."""
    async with database.read() as tx:
        for number in range(MOST_PREPARED + 20):
            await tx.execute(text(f"select {number} as number"))
        assert (await tx.execute(text(KEPT), {"like": "%as number"})).scalar_one() in range(50, MOST_PREPARED + 2)


async def test_a_table_that_changed_under_a_statement_costs_one_answer(database: Database) -> None:
    """It is an outage, after which the statement is prepared anew."""
    async with database.write() as tx:
        await tx.execute(text("create table changing (value integer)"))
        await tx.execute(text("insert into changing values (7)"))
    assert await ask(database, "select * from changing") == 7
    async with database.write() as tx:
        await tx.execute(text("alter table changing alter column value type text"))
    with pytest.raises(Exception, match="cached") as raised:
        await ask(database, "select * from changing")
    assert is_outage(raised.value)
    assert await ask(database, "select * from changing") == "7"
