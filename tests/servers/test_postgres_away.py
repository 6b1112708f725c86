"""Every way in which Postgres can be away is an outage: said in words, answered 503, and over when the server is back."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text

from local import ports
from local.postgres import Postgres
from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.storage.database import is_outage
from shared.storage.outages import outage
from tests.kit.debian_servers import DebianPostgres
from tests.kit.waiting import async_until
from tests.servers.postgres_use import ask, can_write, failure_of_a_write, is_refused, opened, refusal, started


async def test_f36_after_a_fail_over_the_suite_writes_to_the_new_primary(open_folder: Path) -> None:
    """Connections follow the server that takes changes; meanwhile it is an outage."""
    first, second = DebianPostgres(open_folder / "first"), DebianPostgres(open_folder / "second")
    with started(first):
        second.follow(first)
        with started(second):
            hosts = f"127.0.0.1:{second.port},127.0.0.1:{first.port}"
            async with opened(f"postgresql://postgres:{first.password}@{hosts}/postgres") as database:
                async with database.write() as tx:
                    await tx.execute(text("create table kept (n bigint)"))
                first.stop()
                assert is_outage(await failure_of_a_write(database))
                second.promote()
                await async_until(lambda: can_write(database))


async def test_f36_a_server_that_became_read_only_is_left(open_folder: Path) -> None:
    """A connection that still leads to the server of before is dropped when that refuses a change."""
    server = DebianPostgres(open_folder / "postgres")
    with started(server):
        async with opened(server.url()) as database:
            async with database.write() as tx:
                await tx.execute(text("create table kept (n bigint)"))
            server.execute("alter system set default_transaction_read_only = on")
            server.execute("select pg_reload_conf()")
            await async_until(lambda: is_refused(database))
            error = await failure_of_a_write(database)
            assert "takes no changes" in (outage(error) or "")
            assert "takes no changes" in await refusal(server.url())
            server.execute("alter system reset default_transaction_read_only")
            server.execute("select pg_reload_conf()")
            await async_until(lambda: can_write(database))


async def test_f36_a_server_that_recovers_is_an_outage(open_folder: Path) -> None:
    """A standby that takes no connections answers as any recovering server does."""
    first, second = (
        DebianPostgres(open_folder / "first"),
        DebianPostgres(open_folder / "second", options=("hot_standby=off",)),
    )
    with started(first):
        second.follow(first)
        with started(second):
            assert "starts, or recovers" in await refusal(second.url())


async def test_f36_connections_that_the_server_ended_are_made_anew(postgres: Postgres, database_url: str) -> None:
    """Nobody notices that the server was started again in between."""
    async with opened(database_url) as database:
        async with database.write() as tx:
            await tx.execute(text("create table kept (n bigint)"))
        name = database_url.rpartition("/")[2]
        postgres.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
        count = f"select count(*) from pg_stat_activity where datname = '{name}'"

        async def ended() -> bool:
            return await asyncio.to_thread(postgres.execute, count) == "0"

        await async_until(ended)
        assert await can_write(database)


AWAY: dict[str, tuple[str, str, str]] = {
    "refused": ("{server}:1/{name}", "", "cannot be reached"),
    "unknown host": ("nowhere.invalid/{name}", "", "cannot be reached"),
    "no database": ("{server}:{port}/nothing_here", "", "no database of the name"),
    "no schema": ("{server}:{port}/{name}", "", "run `ringrift migrate`"),
    "no connections": ("{server}:{port}/{name}", "alter database {name} connection limit 0", "no connection to spare"),
    "wrong password": ("{server}:{port}/{name}", "alter role {role} password 'other'", "refuses the login"),
    "no privilege": (
        "{server}:{port}/{name}",
        "create schema promotion; create table promotion.decisions ()",
        "lacks a privilege",
    ),
}


@pytest.mark.parametrize("way", AWAY)
async def test_f36_every_way_to_be_away_is_503(way: str, postgres: Postgres, database_url: str) -> None:
    """A service answers 503 with the reason and a time after which to ask again."""
    where, prepare, said = AWAY[way]
    name = database_url.rpartition("/")[2]
    role = f"role_{name}"
    postgres.execute(f"create role {role} login password 'right'")
    try:
        for statement in filter(None, prepare.format(name=name, role=role).split("; ")):
            postgres.execute(statement, database=name)
        url = f"postgresql://{role}:right@{where.format(server=ports.HOST, port=postgres.port, name=name)}"
        answer = await ask(create_app(PromotionSettings(database_url=url)), "/v1/decisions")
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2"), answer.text
        assert answer.json()["type"] == "urn:ringrift:problem:dependency-unavailable"
        assert said in answer.json()["detail"]
    finally:
        postgres.execute(f"drop role {role}")
