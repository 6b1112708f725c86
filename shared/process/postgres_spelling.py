"""How an address of Postgres is taken apart: user and password, hosts, database, parameters. postgres_url.py says what they mean.

A password may hold its special characters raw, as long as there is one reading of the whole. No fault that is told here
contains a part of what may be the password.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2")
EXAMPLE = "postgresql://user:password@host:5432/database"
PARAMETERS = (
    "application_name", "connect_timeout", "dbname", "host", "options", "password", "port", "ssl", "sslcert", "sslkey", "sslmode",
    "sslrootcert", "target_session_attrs", "user",
)  # fmt: skip
HOST = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+))(?::(?P<port>[0-9]{1,5}))?"
)
_DATABASE = re.compile(r"[^/?#@]*")
_QUERY = re.compile(r"[a-z_]+=[^&#]*(?:&[a-z_]+=[^&#]*)*")
_ENCODE = (
    f"write it as {EXAMPLE} and percent-encode the special characters of the password: / as %2F, ? as %3F, # as %23, "
    "@ as %40, : as %3A, % as %25"
)


class Parts(NamedTuple):
    """The parts of an address, decoded but for the hosts; empty where the address has none."""

    user: str
    password: str
    hosts: str
    database: str
    parameters: Mapping[str, str]


def take_apart(text: str) -> Parts:
    """The parts of an address; ValueError says what cannot be read."""
    scheme, separator, rest = text.strip().partition("://")
    if not separator or scheme not in SCHEMES:
        raise ValueError(f"must begin with postgresql:// or postgres://, such as {EXAMPLE}")
    credentials, tail = _split(rest)
    where, _, query = tail.partition("?")
    hosts, _, database = where.partition("/")
    user, _, password = credentials.partition(":")
    named = _decoded("the user", user), _decoded("the password", password)
    return Parts(*named, hosts, _decoded("the database", database), _parameters(query))


def with_password(text: str, password: str) -> str:
    """The address with a password that is kept apart from it, whatever characters it has; ValueError if it has one of its own."""
    scheme, separator, rest = text.strip().partition("://")
    credentials, tail = _split(rest)
    user, colon, _ = credentials.partition(":")
    if colon or "password" in take_apart(text).parameters:
        raise ValueError("it has a password of its own, and RINGRIFT_DATABASE_PASSWORD is given too; give one of them")
    return f"{scheme}{separator}{user}:{quote(password, safe='')}@{tail}"


def _split(rest: str) -> tuple[str, str]:
    """User and password, and what follows them. Of several @ the one that is between is told by what fits."""
    readings = [(rest[: found.start()], rest[found.end() :]) for found in re.finditer("@", rest)] or [("", rest)]
    shaped = [reading for reading in readings if _has_form(reading[1])]
    fitting = [reading for reading in shaped if _unknown(reading[1]) is None]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ValueError(f"it cannot be told where the password ends; {_ENCODE}")
    if shaped and len(readings) == 1:
        raise ValueError(f"the parameter {_unknown(shaped[0][1])} is not known here; known are {', '.join(PARAMETERS)}")
    raise ValueError(f"it has no host, database and parameters that can be read; {_ENCODE}")


def _has_form(tail: str) -> bool:
    where, mark, query = tail.partition("?")
    hosts, _, database = where.partition("/")
    named = not hosts or all(HOST.fullmatch(host) for host in hosts.split(","))
    return named and bool(_DATABASE.fullmatch(database)) and (not mark or bool(_QUERY.fullmatch(query)))


def _unknown(tail: str) -> str | None:
    names = (pair.partition("=")[0] for pair in tail.partition("?")[2].split("&") if pair)
    return next((name for name in names if name not in PARAMETERS), None)


def _parameters(query: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name in given:
            raise ValueError(f"the parameter {name} is given twice")
        given[name] = _decoded(name, value)
    return given


def _decoded(what: str, text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"{what} is percent-encoded, but not as UTF-8") from None
