"""The database fixtures that all other tests stand on."""

import asyncio
from collections.abc import Callable

import asyncpg

from tests.kit.servers import Migrate


async def rows(url: str) -> int:
    """How many rows the table `copied` has, after one is added."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute("INSERT INTO copied VALUES (1)")
        return int(await connection.fetchval("SELECT count(*) FROM copied"))
    finally:
        await connection.close()


async def test_every_database_is_a_fresh_copy(
    make_template: Callable[[str, Migrate], str], make_database: Callable[[str | None], str]
) -> None:
    """Databases made from a template have its tables, and share no row."""
    template = await asyncio.to_thread(make_template, "copied", create_table)
    assert [await rows(make_database(template)) for _ in range(2)] == [1, 1]


async def test_database_url_is_an_empty_database(database_url: str) -> None:
    """Without a template a test gets a database that can be connected to."""
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    await connection.close()


def create_table(url: str) -> None:
    """The migration of the test's template."""

    async def create() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute("CREATE TABLE copied (n int)")
        await connection.close()

    asyncio.run(create())
