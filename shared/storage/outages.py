"""Which errors say that the database is away just now, and why in words.

An outage passes, or is mended from outside; the same thing may then be tried again. An error of the suite's own statements or of
its values is none.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.storage.unusable import UnusableServerError

UNREACHABLE = "the database cannot be reached"
READ_ONLY = "the database takes no changes just now, as during a fail-over"
MIGRATE = "the database lacks what this version needs; run `ringrift migrate`"
OF_STATE = {
    "25006": READ_ONLY,
    "3D000": "the server has no database of the name in RINGRIFT_DATABASE_URL; create it and run `ringrift migrate`",
    "3F000": MIGRATE,
    "40001": "another transaction changed the same at the same time",
    "40003": "the connection was lost while a change was made",
    "40P01": "another transaction waited for the same at the same time",
    "42501": "the database role lacks a privilege (docs/servers.md names what it needs)",
    "42703": MIGRATE,
    "42P01": MIGRATE,
    "53300": "the database has no connection to spare",
    "55P03": "another transaction holds what is needed",
    "57014": "the database took too long",
    "57P01": "the database is being shut down",
    "57P02": "the database crashed and starts again",
    "57P03": "the database starts, or recovers",
}
OF_CLASS = {
    "08": UNREACHABLE,
    "28": "the database refuses the login of RINGRIFT_DATABASE_URL",
    "53": "the database is out of memory, disk or connections",
    "57": "an operator ended the session with the database",
    "58": "the database's machine has a fault",
}
"""By the first two characters of an SQLSTATE, where the whole is not listed."""
NETWORK = frozenset({
    errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EMFILE, errno.ENETDOWN,
    errno.ENETRESET, errno.ENETUNREACH, errno.ENFILE, errno.EPIPE, errno.ETIMEDOUT, errno.EADDRNOTAVAIL,
})  # fmt: skip
SOCKET_FILE = frozenset({errno.ENOENT, errno.EACCES})


KINDS: tuple[type[Exception], ...] = (
    SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError,
)  # fmt: skip
"""The errors of the database's libraries, beside those of the network."""


def outage(error: BaseException) -> str | None:
    """Why the database is away, in words; None if the error is no outage. A group is one if all of its errors are."""
    if isinstance(error, BaseExceptionGroup):
        reasons = [outage(each) for each in error.exceptions]
        return reasons[0] if all(reasons) else None
    return next((reason for each in _causes(error) if (reason := _reason(each))), None)


def sqlstate(error: BaseException) -> str | None:
    """The SQLSTATE that the server gave, if the error is the server's."""
    states = (getattr(each, "sqlstate", None) for each in _causes(error))
    return next((state for state in states if isinstance(state, str)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what the driver raised inside it."""
    yield error
    if isinstance(error, DBAPIError) and error.orig is not None:
        yield error.orig
        if error.orig.__cause__ is not None:
            yield error.orig.__cause__


def _reason(error: BaseException) -> str | None:
    if isinstance(error, PoolTimeoutError):
        return "every database connection of this process is in use"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return OF_STATE.get(sqlstate(error) or "", "the connection to the database was lost")
    if isinstance(error, asyncpg.InternalClientError):  # among them: no host has the wanted role
        return UNREACHABLE
    if isinstance(error, asyncpg.InterfaceError):
        return "the connection to the database was lost" if "clos" in str(error) else None
    if isinstance(error, UnusableServerError):
        return str(error)
    if isinstance(error, OSError):
        return UNREACHABLE if _of_network(error) else None
    state = getattr(error, "sqlstate", None)
    return (OF_STATE.get(state) or OF_CLASS.get(state[:2])) if isinstance(state, str) else None


def _of_network(error: OSError) -> bool:
    if isinstance(error, ConnectionError | TimeoutError | socket.gaierror | ssl.SSLError):
        return True
    if error.errno in NETWORK or error.errno is None:  # asyncio's "Multiple exceptions" has no number
        return True
    return error.errno in SOCKET_FILE and error.filename is None  # a Unix socket that is not there
