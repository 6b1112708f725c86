"""Alembic for the suite: one history for each service's schema, run together by `ringrift migrate`, and the grants of the roles.

Services do not migrate by themselves; they wait until their schema is at its head. Whoever migrates owns everything; where a
service has a role of its own (`role_of`), that may do in its schema what the service does there, and nothing anywhere else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import NullPool

from shared.storage.connecting import new_engine
from shared.storage.database import Database

SERVICES = ("gauntlet", "promotion", "distribution")
ROOT = Path(__file__).resolve().parents[2]
VERSION_TABLE = "alembic_version"
APPEND_ONLY, KEPT = "append_only", "is_kept"
"""Triggers of tables of which no row ever changes, and of those of which none is removed."""
TABLES = """select c.relname, array(select tgname::text from pg_trigger where tgrelid = c.oid)
    from pg_class c where c.relnamespace = to_regnamespace(:schema) and c.relkind = 'r'"""


def migrate(database_url: str, services: tuple[str, ...] = SERVICES, revision: str = "head") -> None:
    """Bring the schemas of `services` to a revision, all or nothing. Blocks; safe to run twice at once."""
    asyncio.run(_migrate(database_url, services, revision))


def revisions(service: str) -> list[str]:
    """The revisions of a service's history, oldest first."""
    history = ScriptDirectory.from_config(_config(service)).walk_revisions()
    return [script.revision for script in history][::-1]


async def _migrate(database_url: str, services: tuple[str, ...], revision: str) -> None:
    engine = new_engine(database_url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("select pg_advisory_xact_lock(hashtextextended('ringrift migrate', 0))"))
            for service in services:
                await _make_schema(connection, service)
                await connection.run_sync(_upgrade, service, revision)
                await _grant(connection, service)
    finally:
        await engine.dispose()


async def _make_schema(connection: AsyncConnection, service: str) -> None:
    """Make a schema that is not there. `if not exists` would ask for the privilege to make one even where it is."""
    found = await connection.execute(text("select 1 from pg_namespace where nspname = :name"), {"name": service})
    if found.first() is None:
        await connection.execute(text(f'create schema "{service}"'))


def role_of(service: str) -> str:
    """The role with which a service logs in, where there is one for it alone."""
    return f"ringrift_{service}"


async def _grant(connection: AsyncConnection, service: str) -> None:
    """Give a service's role, if there is one, what it needs, and take whatever else it had in the schema."""
    role, of_schema = role_of(service), {"schema": service}
    if (await connection.execute(text("select 1 from pg_roles where rolname = :role"), {"role": role})).first() is None:
        return
    await connection.execute(text(f'grant usage on schema "{service}" to "{role}"'))
    await connection.execute(text(f'revoke all on all tables in schema "{service}" from "{role}"'))
    for table, triggers in (await connection.execute(text(TABLES), of_schema)).all():
        privileges = "select" if table == VERSION_TABLE else _privileges(triggers)
        await connection.execute(text(f'grant {privileges} on "{service}"."{table}" to "{role}"'))


def _privileges(triggers: Collection[str]) -> str:
    """What may be done to a table, by the triggers that refuse the rest to everybody."""
    if APPEND_ONLY in triggers:
        return "select, insert"
    return "select, insert, update" if KEPT in triggers else "select, insert, update, delete"


def _upgrade(connection: Connection, service: str, revision: str) -> None:
    config = _config(service)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _config(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "services" / service / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["schema"] = service
    return config


def run_environment(config: Config) -> None:
    """The body of every service's migrations/env.py: run on the connection that `migrate` opened."""
    from alembic import context

    context.configure(
        connection=config.attributes["connection"],
        version_table=VERSION_TABLE,
        version_table_schema=config.attributes["schema"],
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


async def require_head(database: Database, service: str) -> None:
    """Raise unless the schema of a service is at its head revision."""
    head = ScriptDirectory.from_config(_config(service)).get_current_head()
    async with database.read() as tx:
        current = await tx.run_sync(lambda sync: _current(sync, service))
    if current != head:
        raise RuntimeError(
            f"schema {service} is at {current or 'nothing'} and should be at {head}; run `ringrift migrate`"
        )


def _current(connection: Connection, service: str) -> str | None:
    options = {"version_table": VERSION_TABLE, "version_table_schema": service}
    return MigrationContext.configure(connection, opts=options).get_current_revision()
