"""The dump and the restore of docs/servers.md, as they stand there, on Debian's Postgres."""

import asyncio
from pathlib import Path

from sqlalchemy import text

from local import ports
from shared.service.migrations import migrate, require_head
from shared.storage.database import Database
from tests.kit.debian_servers import DebianPostgres
from tests.servers.page import command, each_of, statements
from tests.servers.postgres_use import opened, started

PAGE = statements()


def url(server: DebianPostgres, role: str) -> str:
    """The database of the page for a role."""
    return PAGE.url(role, f"{ports.HOST}:{server.port}")


def created(server: DebianPostgres) -> str:
    """The page's roles and database made; returns the address for the role that migrates."""
    for statement in each_of(PAGE.creation):
        server.execute(statement)
    return url(server, "ringrift")


async def artifacts(database: Database) -> int:
    """How many artifacts the ledger names."""
    async with database.read() as tx:
        return int((await tx.execute(text("select count(*) from promotion.artifacts"))).scalar_one())


async def add_artifact(database: Database, digest: str) -> None:
    """One more of them."""
    async with database.write() as tx:
        await tx.execute(
            text("insert into promotion.artifacts values (:digest, 1, 'f', '{}')"), {"digest": digest * 64}
        )


async def test_a_dump_is_restored_into_a_new_cluster(open_folder: Path, tmp_path: Path) -> None:
    """The rows are there again, and the service's role may change them, with no statement but those of the page."""
    old, new = DebianPostgres(open_folder / "old"), DebianPostgres(open_folder / "new")
    with started(old, new):
        await asyncio.to_thread(migrate, owner := created(old))
        async with opened(url(old, "ringrift_promotion")) as database:
            await add_artifact(database, "a")
        command("pg_dump", owner, tmp_path)
        owner = created(new)
        command("pg_restore", owner, tmp_path)
        await asyncio.to_thread(migrate, owner)
        async with opened(url(new, "ringrift_promotion")) as database:
            await require_head(database, "promotion")
            await add_artifact(database, "b")
            assert await artifacts(database) == 2
