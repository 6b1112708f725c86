"""Every schema is built from nothing at every revision, and the databases of earlier revisions are brought to the head."""

from __future__ import annotations

import asyncio
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import MetaData

from services.distribution.tables import METADATA as DISTRIBUTION
from services.gauntlet.tables import METADATA as GAUNTLET
from services.promotion.tables import METADATA as PROMOTION
from shared.contract.events import Event
from shared.service.migrations import SERVICES, migrate, revisions

MakeDatabase = Callable[[str | None], str]
DATABASES = Path(__file__).parents[1] / "data" / "databases"
DUMPS = sorted(DATABASES.glob("*.sql.xz"))
EVERY_REVISION = [(service, revision) for service in SERVICES for revision in revisions(service)]
COLUMNS = """
    select table_schema, table_name, column_name, data_type, is_nullable, column_default, is_generated, is_identity
    from information_schema.columns where table_schema = any($1) order by 1, 2, 3"""
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
    where connamespace::regnamespace::text = any($1) order by 1, 2, 3"""
INDEXES = (
    "select schemaname, tablename, indexname, indexdef from pg_indexes where schemaname = any($1) order by 1, 2, 3"
)
TRIGGERS = """
    select tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) from pg_trigger
    where not tgisinternal order by 1, 2"""


def ask(url: str, sql: str, *arguments: object) -> list[tuple[Any, ...]]:
    """The rows of one statement."""

    async def fetch() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(sql, *arguments)]
        finally:
            await connection.close()

    return asyncio.run(fetch())


def restore(url: str, dump: Path) -> None:
    """Load a dump into an empty database."""
    statements = lzma.decompress(dump.read_bytes()).decode()

    async def load() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            await connection.execute(statements)
        finally:
            await connection.close()

    asyncio.run(load())


def schema_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that makes a schema: columns, constraints, indexes, triggers."""
    services = list(SERVICES)
    return {
        "columns": ask(url, COLUMNS, services),
        "constraints": ask(url, CONSTRAINTS, services),
        "indexes": ask(url, INDEXES, services),
        "triggers": ask(url, TRIGGERS),
    }


@pytest.mark.parametrize(("service", "revision"), EVERY_REVISION)
def test_every_revision_is_built_from_nothing(service: str, revision: str, make_database: MakeDatabase) -> None:
    """A fresh database reaches each revision of each service, and goes on from there to the head."""
    url = make_database(None)
    migrate(url, (service,), revision)
    assert ask(url, f"select version_num from {service}.alembic_version") == [(revision,)]
    migrate(url, (service,))
    assert ask(url, f"select version_num from {service}.alembic_version") == [(revisions(service)[-1],)]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.name.removesuffix(".sql.xz"))
def test_an_upgraded_database_has_the_schema_of_a_fresh_one(dump: Path, make_database: MakeDatabase) -> None:
    """A database that holds an earlier demo's data ends with the same columns, constraints, indexes and triggers."""
    fresh, old = make_database(None), make_database(None)
    migrate(fresh)
    restore(old, dump)
    migrate(old)
    assert schema_of(old) == schema_of(fresh)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.name.removesuffix(".sql.xz"))
def test_an_upgraded_database_keeps_its_data(dump: Path, make_database: MakeDatabase) -> None:
    """Versions, decisions, games and deliveries survive the upgrade, and every event of the feeds can still be read."""
    url = make_database(None)
    restore(url, dump)
    counted = {
        table: ask(url, f"select count(*) from {table}")
        for table in (
            "promotion.canonical_versions",
            "promotion.decisions",
            "gauntlet.games",
            "distribution.deliveries",
        )
    }
    migrate(url)
    assert {table: ask(url, f"select count(*) from {table}") for table in counted} == counted
    for service in SERVICES:
        events = [Event.model_validate_json(row[0]) for row in ask(url, f"select event::text from {service}.outbox")]
        assert events


@pytest.mark.parametrize("metadata", [GAUNTLET, PROMOTION, DISTRIBUTION], ids=SERVICES)
def test_queries_see_the_tables_that_migrations_make(metadata: MetaData, make_database: MakeDatabase) -> None:
    """Every column that a service's tables.py names exists in its migrated schema."""
    url = make_database(None)
    migrate(url)
    found = {row[:3] for row in ask(url, COLUMNS, list(SERVICES))}
    named = {
        (metadata.schema, table.name, column.name) for table in metadata.tables.values() for column in table.columns
    }
    assert named <= found
