"""Connections to Postgres as people have it: several hosts, TLS, a pooler in between that gives each transaction another session.

Nothing here, and nothing that uses it, may leave anything in a pooler's session: no statement, no setting, no lock, no LISTEN.
Where a connection was seen to be a session of its own, prepared statements are kept, which saves every statement a round trip.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from functools import partial
from typing import Any

import asyncpg
from asyncpg.connect_utils import SessionAttribute
from asyncpg.prepared_stmt import PreparedStatement
from pydantic_core import to_json
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.process.postgres_tls import tls_of
from shared.process.postgres_url import Host, PostgresUrl
from shared.storage.outages import sqlstate
from shared.storage.unusable import UnusableServerError

OLDEST = 14
"""The oldest major version of Postgres that will do."""
IDLE_SECONDS = 1.0
"""A connection that rested for longer is tried before it is used."""
OF_ANOTHER_SERVER = frozenset({"25006", "57P01", "57P02", "57P03"})
"""SQLSTATEs after which all connections are made anew: the server that they lead to is not the one that takes changes."""
MOST_PREPARED = 200
"""Statements that a connection keeps prepared; the one that was not used for longest makes way."""


class Connection(asyncpg.Connection):
    """A connection that prepares a statement once, if it leads to one and the same session from beginning to end."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._kept: OrderedDict[str, PreparedStatement[asyncpg.Record]] = OrderedDict()
        self._number = 0
        self._is_session = False

    async def find_out(self) -> None:
        """See whether the server's process is the one that greeted; a pooler greets for itself."""
        self._is_session = await self.fetchval("select pg_backend_pid()") == self.get_server_pid()

    async def prepare(self, query: str, **options: Any) -> Any:
        """The statement, prepared now or before. SQLAlchemy gives it no options but a name, which it leaves open."""
        if not self._is_session:
            return await super().prepare(query, **options)
        if query not in self._kept:
            self._number += 1
            self._kept[query] = await super().prepare(query, name=f"ringrift_{self._number}")
        self._kept.move_to_end(query)
        if len(self._kept) > MOST_PREPARED:
            self._kept.popitem(last=False)
        return self._kept[query]


def new_engine(url: str, command_seconds: float | None = None, **pool: Any) -> AsyncEngine:
    """An engine for the database at an address. `pool` is handed on to SQLAlchemy. ValueError when the address cannot be read."""
    creator = partial(connect, PostgresUrl.read(url), command_seconds)
    own = {"async_creator_fn": creator, "prepared_statement_cache_size": 0}
    engine = create_async_engine("postgresql+asyncpg://", connect_args=own, json_serializer=_as_json, **pool)
    event.listen(engine.sync_engine, "handle_error", _leave_another_server)
    event.listen(engine.sync_engine, "checkin", _remember_use)
    event.listen(engine.sync_engine, "checkout", partial(_try_rested, engine))
    return engine


async def connect(url: PostgresUrl, command_seconds: float | None = None) -> asyncpg.Connection:
    """A connection to the first host that can be used; otherwise what the last one was refused by."""
    failure: Exception = UnusableServerError("the address names no host")
    for host in url.hosts:
        try:
            return await _connect_to(url, host, command_seconds)
        except (OSError, asyncpg.PostgresError, asyncpg.InternalClientError) as error:
            failure = error
    raise failure


async def _connect_to(url: PostgresUrl, host: Host, command_seconds: float | None) -> asyncpg.Connection:
    try:
        tls = tls_of(url)
    except ValueError as error:
        raise UnusableServerError(str(error)) from None
    connection: Connection = await asyncpg.connect(
        host=host.name,
        port=host.port,
        user=url.user,
        password=url.password,
        database=url.database,
        ssl=tls,
        timeout=url.connect_seconds,
        command_timeout=command_seconds,
        statement_cache_size=0,
        server_settings=dict(url.session),
        target_session_attrs=SessionAttribute(url.target),
        connection_class=Connection,
    )
    try:
        version = connection.get_server_version()
        if version.major < OLDEST:
            raise UnusableServerError(f"Postgres {version.major} is too old; it has to be {OLDEST} or newer")
        await connection.find_out()
    except BaseException:  # whoever waited for it may have gone away
        connection.terminate()
        raise
    return connection


def _as_json(value: Any) -> str:
    return to_json(value).decode()


def _leave_another_server(context: ExceptionContext) -> None:
    error = context.original_exception
    if sqlstate(error) in OF_ANOTHER_SERVER or isinstance(error.__cause__, asyncpg.InvalidCachedStatementError):
        context.is_disconnect = True


def _remember_use(connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _try_rested(engine: AsyncEngine, connection: Any, record: Any, proxy: Any) -> None:
    """Raise for a connection that died while it rested, so that the pool makes another."""
    if record.driver_connection.is_closed():
        raise InvalidatePoolError("a connection was closed while it rested")
    used = record.info.get("used")
    if used is None or time.monotonic() - used < IDLE_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except Exception as error:
        raise InvalidatePoolError(f"a connection died while it rested: {error}") from error
