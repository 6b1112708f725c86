"""Which errors are outages: those that pass, or that somebody mends from outside."""

import asyncio
import errno
import socket

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.service.frame import DATABASE
from shared.storage.database import is_outage
from shared.storage.outages import outage
from shared.web.answers import install_problems


def wrapped(error: Exception) -> DBAPIError:
    """An error as SQLAlchemy hands it on: the driver's, in the dialect's, in its own."""
    outer = Exception("the dialect's")
    outer.__cause__ = error
    return DBAPIError("select 1", None, outer)


OUTAGES = [
    ConnectionRefusedError(errno.ECONNREFUSED, "refused"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed"),
    OSError(errno.EHOSTUNREACH, "no route"),
    FileNotFoundError(errno.ENOENT, "no such socket"),
    socket.gaierror(-2, "name or service not known"),
    TimeoutError(),
    asyncpg.CannotConnectNowError("the database system is starting up"),
    asyncpg.TooManyConnectionsError("sorry, too many clients already"),
    wrapped(asyncpg.TooManyConnectionsError("remaining connection slots are reserved")),
    wrapped(asyncpg.AdminShutdownError("terminating connection due to administrator command")),
    wrapped(asyncpg.CrashShutdownError("terminating connection because of crash")),
    wrapped(asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction")),
    wrapped(asyncpg.DeadlockDetectedError("deadlock detected")),
    wrapped(asyncpg.SerializationError("could not serialize access")),
    wrapped(asyncpg.ProtocolViolationError("no more connections allowed (max_client_conn)")),
    wrapped(asyncpg.InvalidPasswordError("password authentication failed")),
    wrapped(asyncpg.InvalidCatalogNameError("database does not exist")),
    wrapped(asyncpg.UndefinedTableError("relation does not exist")),
    wrapped(asyncpg.DiskFullError("could not extend file")),
    wrapped(asyncpg.InterfaceError("connection is closed")),
    asyncpg.TargetServerAttributeNotMatched("none of the hosts match"),
    PoolTimeoutError(),
    ExceptionGroup("two", [ConnectionResetError(), TimeoutError()]),
]
FAULTS = [
    ValueError("of the suite's own"),
    FileNotFoundError(errno.ENOENT, "no such file", "models/a.pth"),
    OSError(errno.ENOSPC, "no space left"),
    wrapped(asyncpg.NumericValueOutOfRangeError("bigint out of range")),
    wrapped(asyncpg.PostgresSyntaxError("syntax error")),
    wrapped(asyncpg.DataError("invalid input for query argument $1")),
    IntegrityError("insert", None, Exception("duplicate key")),
    ExceptionGroup("two", [ConnectionResetError(), ValueError()]),
]


@pytest.mark.parametrize("error", OUTAGES, ids=repr)
def test_f36_outages_are_told(error: Exception) -> None:
    """Each way in which the database can be away is an outage, with a reason."""
    assert is_outage(error)
    assert outage(error)


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_f36_faults_of_the_suite_are_no_outages(error: Exception) -> None:
    """An error that would come again is none."""
    assert not is_outage(error)


def answer_to(error: Exception) -> httpx.Response:
    """What a route answers that raises an error."""
    app = FastAPI()
    install_problems(app, {}, DATABASE)

    @app.get("/")
    async def _fail() -> None:
        raise error

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/")

    return asyncio.run(ask())


@pytest.mark.parametrize("error", [each for each in OUTAGES if not isinstance(each, ExceptionGroup)], ids=repr)
def test_f36_an_outage_is_503(error: Exception) -> None:
    """A route answers 503 with a time after which to ask again, whatever it was that the database was away by."""
    answer = answer_to(error)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert answer.json()["type"] == "urn:ringrift:problem:dependency-unavailable"


@pytest.mark.parametrize("error", FAULTS[:-1], ids=repr)
def test_f36_a_fault_is_500(error: Exception) -> None:
    """A fault of the suite is not called an outage."""
    assert answer_to(error).status_code == 500


def test_f36_a_missing_schema_is_answered_with_the_command() -> None:
    """The operator reads what to run."""
    assert "ringrift migrate" in answer_to(wrapped(asyncpg.UndefinedTableError("relation"))).json()["detail"]
