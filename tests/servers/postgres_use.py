"""What tests of Postgres servers have in common: a database that is opened for a time, and what it fails with."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from shared.storage.database import Database, is_outage
from shared.storage.outages import outage
from tests.kit.debian_servers import DebianPostgres, PgBouncer


@contextmanager
def started(*servers: DebianPostgres | PgBouncer) -> Iterator[None]:
    """Servers that run while the block lasts."""
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in reversed(servers):
            server.stop()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """A database, closed at the end."""
    database = Database(url)
    try:
        yield database
    finally:
        await database.close()


async def refusal(url: str) -> str:
    """Why a database cannot be used."""
    async with opened(url) as database:
        with pytest.raises(Exception) as refused:
            await database.ping()
    assert is_outage(refused.value), refused.value
    return f"{outage(refused.value)}: {refused.value}"


async def failure_of_a_write(database: Database) -> Exception:
    """What a write fails with."""
    with pytest.raises(Exception) as failed:
        async with database.write() as tx:
            await tx.execute(text("insert into kept values (1)"))
    return failed.value if isinstance(failed.value, Exception) else RuntimeError(failed.value)


async def is_refused(database: Database) -> bool:
    """Whether the server takes no changes."""
    return not await can_write(database)


async def can_write(database: Database) -> bool:
    """Whether a change is taken; whatever else it fails with is a fault."""
    try:
        async with database.write() as tx:
            await tx.execute(text("insert into kept values (1)"))
    except Exception as error:
        if not is_outage(error):
            raise
        return False
    return True


async def ask(app: FastAPI, path: str, method: str = "GET") -> httpx.Response:
    """The answer to a request without a body."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://promotion") as client:
        return await client.request(method, path)
