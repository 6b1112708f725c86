"""Each service's role does what the service does in its own schema; what must not work is tried, with each role's own password."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from local.postgres import Postgres
from shared.service.migrations import SERVICES, migrate, role_of
from tests.house.tree import ROOT
from tests.migrations.test_migrations import ask

EVERYTHING = "select table_schema, table_name from information_schema.tables where table_schema = any($1) order by 1, 2"
KEPT_FOR_EVER = (
    "audit", "artifacts", "canonical_versions", "decisions", "evaluation_opponents", "evaluations", "policies", "policy_versions",
)  # fmt: skip
ENDED_ONLY = ("api_keys", "approvals", "holds", "promotion_requests", "waivers")
FORBIDDEN = (
    "update promotion.audit set actor = 'bob'",
    "delete from promotion.audit",
    "truncate promotion.audit",
    "update promotion.canonical_versions set digest = digest",
    "update promotion.decisions set verdict = 'passed'",
    "delete from promotion.holds",
    "alter table promotion.audit disable trigger append_only",
    "alter table promotion.audit disable trigger all",
    "drop trigger append_only on promotion.canonical_versions",
    "drop function promotion.refuse_change() cascade",
    "create or replace function promotion.refuse_change() returns trigger language plpgsql as 'begin return old; end'",
    "drop table promotion.audit",
    "alter table promotion.decisions add column bribe text",
    "update promotion.alembic_version set version_num = '0001'",
    "set session_replication_role = replica",
    "set role ringrift",
    "create role friend login",
    "alter role ringrift password 'mine'",
    "grant ringrift to current_user",
    "create database elsewhere",
    "create schema mine",
    "create table promotion.mine (x int)",
    "copy promotion.audit to program 'true'",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Callable[[str], str]]:
    """The roles on the session's server, and a migrated database: its address by role."""
    database = "roles"
    for role in map(role_of, SERVICES):
        postgres.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{postgres.password_of(role)}'")
    migrate(postgres.create_database(database))
    yield lambda role: postgres.url(database, role)
    postgres.drop_database(database)
    for role in map(role_of, SERVICES):
        postgres.execute(f"DROP ROLE {role}")


def denied(url: str, statement: str) -> bool:
    """Whether a statement is refused for want of a privilege, and not for anything else."""
    try:
        ask(url, statement)
    except asyncpg.InsufficientPrivilegeError:
        return True
    return False


def test_f65_each_role_reaches_its_own_schema_alone(server: Callable[[str], str]) -> None:
    """Whoever has one service's password reads and writes nothing of the others, table by table."""
    tables = ask(server("ringrift"), EVERYTHING, list(SERVICES))
    assert len(tables) > 30
    for service in SERVICES:
        for schema, table in tables:
            for statement in (
                f"select 1 from {schema}.{table} limit 1",
                f"insert into {schema}.{table} default values",
            ):
                may = schema == service and not (table == "alembic_version" and statement.startswith("insert"))
                assert denied(server(role_of(service)), f"explain {statement}") != may, (service, statement)


def test_f65_what_is_kept_can_be_changed_by_no_service(server: Callable[[str], str]) -> None:
    """The promotion service appends to its history, ends what people laid on it, and removes neither."""
    url = server("ringrift_promotion")
    for table in (*KEPT_FOR_EVER, *ENDED_ONLY):
        assert denied(url, f"explain delete from promotion.{table}"), table
        column = ask(url, "select column_name from information_schema.columns where table_name = $1 limit 1", table)[0][
            0
        ]
        update = f"explain update promotion.{table} set {column} = default"
        assert denied(url, update) == (table in KEPT_FOR_EVER), table


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_f65_no_service_gets_around_its_grants(server: Callable[[str], str], statement: str) -> None:
    """Neither the triggers, nor the tables, nor the roles are theirs to change."""
    for service in SERVICES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            ask(server(role_of(service)), statement)


def test_f65_the_containers_roles_are_these(open_folder: Path, tmp_path: Path) -> None:
    """What the Postgres image runs makes roles with which everything is migrated, and each service gets in, and no stranger."""
    with Postgres(open_folder / "postgres", durable=False) as server:
        (tmp_path / "postgres_password").write_text(server.password)
        for name in ("migrate", *SERVICES):
            (tmp_path / f"{name}_database_password").write_text(f"it's {name}")
        server.drop_database("ringrift")
        server.execute("drop role ringrift")
        where = {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGPASSWORD": server.password,
            "PATH": f"{server.binaries}:/usr/bin:/bin",
            "SECRETS": str(tmp_path),
        }
        done = subprocess.run(["sh", ROOT / "docker" / "roles.sh"], env=where, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        address = f"postgresql://{{}}:it's {{}}@127.0.0.1:{server.port}/ringrift"
        migrate(address.format("ringrift", "migrate"))
        for service in SERVICES:
            url = address.format(role_of(service), service)
            assert ask(url, f"select count(*) from {service}.outbox") == [(0,)]
            assert denied(url, "create temporary table mine (x int)")
        server.execute("create role stranger login password 'x'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="CONNECT"):
            ask(f"postgresql://stranger:x@127.0.0.1:{server.port}/ringrift", "select 1")
