"""The suite on Postgres servers as people have them: behind a pooler, over TLS, with a standby, under a plain role, an old one."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from local import ports
from local.postgres import Postgres
from local.postgres_roles import OWNER
from services.promotion.app import create_app
from services.promotion.settings import PromotionSettings
from shared.service.migrations import SERVICES, migrate, require_head, role_of
from shared.storage.database import Database, lock_for_transaction
from shared.storage.unusable import UnusableServerError
from tests.kit.certificates import Pair, issue, make_ca
from tests.kit.debian_servers import DebianPostgres, PgBouncer
from tests.servers.page import each_of, statements
from tests.servers.postgres_use import ask, opened, refusal, started


@pytest.fixture
def bouncer(postgres: Postgres, open_folder: Path) -> Iterator[PgBouncer]:
    """PgBouncer in transaction mode, with two connections to the session's server."""
    bouncer = PgBouncer(open_folder / "pgbouncer", postgres.port, OWNER, postgres.password)
    with started(bouncer):
        yield bouncer


def through(bouncer: PgBouncer, url: str) -> str:
    """The address of a database through the pooler."""
    return bouncer.url(url.rpartition("/")[2])


async def test_f67_transactions_through_a_pooler(bouncer: PgBouncer, database_url: str, postgres: Postgres) -> None:
    """Many transactions share two sessions; each is what it says to be, and none leaves anything behind."""
    url = through(bouncer, database_url)
    async with opened(url) as database, opened(url) as other:
        async with database.write() as setup:
            await setup.execute(
                text("create table counter (id bigint primary key, n bigint, names text[], said jsonb)")
            )
            await setup.execute(text("insert into counter values (1, 0, array['a'], '{}')"))

        async def count(each: Database) -> None:
            for _ in range(20):
                async with each.write() as change:
                    await lock_for_transaction(change, "counter")
                    await change.execute(text("update counter set n = n + 1 where id = :id"), {"id": 1})
                async with each.read() as tx:
                    assert (await tx.execute(text("show transaction_isolation"))).scalar() == "repeatable read"
                    assert (await tx.execute(text("show transaction_read_only"))).scalar() == "on"
                    first = (
                        await tx.execute(text("select n, names, said from counter where id = :id"), {"id": 1})
                    ).one()
                    again = (
                        await tx.execute(text("select n, names, said from counter where id = :id"), {"id": 1})
                    ).one()
                    assert first == again

        await asyncio.gather(*(count(each) for each in (database, other) for _ in range(6)))
        async with database.read() as tx:
            assert (await tx.execute(text("select n from counter"))).scalar() == 240
            assert (
                await tx.execute(text("select count(*) from pg_prepared_statements where name <> ''"))
            ).scalar() == 0
        of_database = "database = (select oid from pg_database where datname = current_database())"
        locks = f"select count(*) from pg_locks where locktype = 'advisory' and {of_database}"
        assert postgres.execute(locks, database=url.rpartition("/")[2]) == "0"


async def test_f67_migrations_through_a_pooler(bouncer: PgBouncer, database_url: str) -> None:
    """`ringrift migrate` and the readiness check work through it."""
    url = through(bouncer, database_url)
    await asyncio.to_thread(migrate, url)
    async with opened(url) as database:
        for service in ("gauntlet", "promotion", "distribution"):
            await require_head(database, service)


async def test_f67_a_pooler_whose_server_is_away_is_an_outage(open_folder: Path) -> None:
    """PgBouncer's own errors are told as what they are, and it is used again once the server is back."""
    bouncer = PgBouncer(
        open_folder / "pgbouncer",
        ports.free_port(),
        OWNER,
        "secret",
        options=("server_login_retry=1", "query_wait_timeout=2"),
    )
    with started(bouncer):
        await refusal(bouncer.url("db"))


async def test_f67_a_pooler_without_room_is_an_outage(postgres: Postgres, open_folder: Path, database_url: str) -> None:
    """Also where it takes no more clients."""
    bouncer = PgBouncer(
        open_folder / "pgbouncer", postgres.port, OWNER, postgres.password, options=("max_client_conn=1",)
    )
    url = through(bouncer, database_url)
    with started(bouncer):
        async with opened(url) as database:
            await database.ping()
            assert "connection" in await refusal(url)


@pytest.fixture
def authority(tmp_path: Path) -> Pair:
    """A private authority."""
    return make_ca(tmp_path / "tls")


@pytest.fixture
def secure(open_folder: Path, authority: Pair) -> Iterator[DebianPostgres]:
    """A server that takes a password over TLS, and the user `certified` by a client certificate alone."""
    over_tls = "hostssl all certified 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
    access = f"local all postgres scram-sha-256\n{over_tls}"
    server = DebianPostgres(open_folder / "postgres", access=access, tls=issue(authority, "server", ["localhost"]))
    with started(server):
        server.execute("create role certified login")
        yield server


async def test_f67_tls_with_a_private_authority(secure: DebianPostgres, authority: Pair, tmp_path: Path) -> None:
    """Its certificate is checked against the authority, and under verify-full against the host's name as well."""
    trusted = f"sslrootcert={authority.certificate}"
    by_name = secure.url(query=f"sslmode=verify-full&{trusted}").replace(ports.HOST, "localhost")
    for url in (
        by_name,
        secure.url(query=f"sslmode=verify-ca&{trusted}"),
        secure.url(query="sslmode=require"),
        secure.url(),
    ):
        async with opened(url) as database, database.read() as tx:
            assert (await tx.execute(text("select ssl from pg_stat_ssl where pid = pg_backend_pid()"))).scalar() is True
    stranger = make_ca(tmp_path / "stranger")
    assert "mismatch" in await refusal(secure.url(query=f"sslmode=verify-full&{trusted}"))
    assert "verify failed" in await refusal(secure.url(query=f"sslmode=verify-ca&sslrootcert={stranger.certificate}"))
    assert "verify failed" in await refusal(by_name.partition("?")[0] + "?sslmode=verify-full")
    assert "refuses the login" in await refusal(secure.url(query="sslmode=disable"))


async def test_f67_a_client_certificate(secure: DebianPostgres, authority: Pair) -> None:
    """It stands for the password; who has none is refused."""
    client = issue(authority, "certified", [])
    where = f"postgresql://certified@localhost:{secure.port}/postgres?sslmode=verify-full&sslrootcert={authority.certificate}"
    async with opened(f"{where}&sslcert={client.certificate}&sslkey={client.key}") as database:
        await database.ping()
    assert "refuses the login" in await refusal(where)


async def test_f45_a_unix_socket_and_a_hard_password(open_folder: Path) -> None:
    """Every printable password works, raw or encoded, over a socket too."""
    server = DebianPostgres(open_folder / "postgres")
    with started(server):
        server.execute("create role hard login password 'p@ss/w0rd#?'")
        for url in (
            f"postgresql://hard:p@ss/w0rd#?@127.0.0.1:{server.port}/postgres",
            f"postgres://hard:p%40ss%2Fw0rd%23%3F@127.0.0.1:{server.port}/postgres?application_name=suite",
            f"postgresql+asyncpg://hard:p%40ss%2Fw0rd%23%3F@/postgres?host={server.folder}&port={server.port}",
        ):
            async with opened(url) as database:
                await database.ping()


async def old_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of Postgres 13 as a client needs that looks at the version."""
    asked = await reader.readexactly(8)
    if asked[4:] == b"\x04\xd2\x16\x2f":  # for TLS
        writer.write(b"N")
        asked = await reader.readexactly(8)
    await reader.readexactly(int.from_bytes(asked[:4], "big") - 8)
    for kind, body in ((b"R", bytes(4)), (b"S", b"server_version\x0013.4\x00"), (b"K", bytes(8)), (b"Z", b"I")):
        writer.write(kind + (len(body) + 4).to_bytes(4, "big") + body)
    await writer.drain()
    writer.close()


async def test_f68_a_server_that_is_too_old_is_refused() -> None:
    """Migrating and the readiness check say which version it is, and which are supported."""
    server = await asyncio.start_server(old_server, ports.HOST, 0)
    url = f"postgresql://u:p@{ports.HOST}:{server.sockets[0].getsockname()[1]}/db"
    async with server:
        assert "Postgres 13 is too old; it has to be 14 or newer" in await refusal(url)
        with pytest.raises(UnusableServerError, match="13 is too old"):
            await asyncio.to_thread(migrate, url)
        answer = await ask(create_app(PromotionSettings(database_url=url)), "/readyz")
        assert "13 is too old" in answer.json()["checks"]["postgres"]


async def test_f67_the_statements_of_the_page_are_enough(open_folder: Path, tmp_path: Path) -> None:
    """A plain role migrates, and for each service another one, that may do in its schema what the service does, runs it."""
    page = statements()
    server = DebianPostgres(open_folder / "postgres")
    with started(server):
        for statement in each_of(page.creation):
            server.execute(statement)
        where = f"{ports.HOST}:{server.port}"
        for _ in range(2):
            await asyncio.to_thread(migrate, page.url("ringrift", where))
        for service in SERVICES:
            async with opened(page.url(role_of(service), where)) as database:
                await require_head(database, service)
        settings = PromotionSettings(
            database_url=page.url("ringrift_promotion", where), models_dir=tmp_path, artifacts_dir=tmp_path
        )
        app = create_app(settings)
        for path in ("/v1/events", "/v1/decisions", "/v1/dead-letters", "/v1/retention", "/v1/audit", "/v1/keys"):
            assert (await ask(app, path)).status_code == 200, path
        changed = await ask(app, "/v1/retention", "POST")
        assert changed.status_code == 200, changed.text
