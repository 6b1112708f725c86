"""The address of the database, RINGRIFT_DATABASE_URL: what its parts mean, checked. Opened in shared/storage.

Faults are told in words that never contain the password.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self
from urllib.parse import unquote

from shared.process.postgres_spelling import EXAMPLE, HOST, Parts, take_apart

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""Of TLS, as libpq names them, from the loosest on."""
TARGETS = ("any", "primary", "read-write")
CERTIFICATES = ("sslrootcert", "sslcert", "sslkey")
PORT = 5432
CONNECT_SECONDS = 5
MOST_CONNECT_SECONDS = 600


class Host(NamedTuple):
    """A server: a name or an address, or the folder of its Unix socket."""

    name: str
    port: int


@dataclass(frozen=True)
class PostgresUrl:
    """Where the database is, and how to connect to it. Hosts are tried in their order, each for `connect_seconds`."""

    hosts: tuple[Host, ...]
    database: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sslmode: str = "prefer"
    certificates: Mapping[str, str] = field(default_factory=dict)
    connect_seconds: int = CONNECT_SECONDS
    target: str = "any"
    session: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read an address; ValueError says what is wrong with it."""
        parts = take_apart(text)
        given = parts.parameters
        hosts = _hosts(parts)
        return cls(
            hosts,
            parts.database or _named(given, "dbname", "the database"),
            parts.user or given.get("user") or None,
            parts.password or given.get("password") or None,
            _sslmode(given),
            _certificates(given),
            _number("connect_timeout", given.get("connect_timeout", str(CONNECT_SECONDS)), MOST_CONNECT_SECONDS),
            _target(given, len(hosts)),
            {name: given[name] for name in ("application_name", "options") if name in given},
        )


def _named(given: Mapping[str, str], name: str, what: str) -> str:
    if not given.get(name):
        raise ValueError(f"it does not name {what}; write it as {EXAMPLE}")
    return given[name]


def _hosts(parts: Parts) -> tuple[Host, ...]:
    hosts = _hosts_before_the_database(parts.hosts) if parts.hosts else _hosts_of_parameters(parts.parameters)
    for host in hosts:
        if not host.name or "\0" in host.name:
            raise ValueError("a host has no name")
        if ":" in host.name and not _is_address(host.name):
            raise ValueError("a host in brackets is no IPv6 address")
    return hosts


def _hosts_before_the_database(text: str) -> tuple[Host, ...]:
    found = [HOST.fullmatch(host) for host in text.split(",")]
    return tuple(Host(each["v6"] or unquote(each["name"]), _port(each["port"] or str(PORT))) for each in found if each)


def _hosts_of_parameters(given: Mapping[str, str]) -> tuple[Host, ...]:
    names = _named(given, "host", "the host").split(",")
    ports = given.get("port", str(PORT)).split(",")
    ports = ports * len(names) if len(ports) == 1 else ports
    if len(ports) != len(names):
        raise ValueError("port has to be one, or as many as there are hosts")
    return tuple(Host(name, _port(port)) for name, port in zip(names, ports, strict=True))


def _port(text: str) -> int:
    return _number("a port", text, 65_535)


def _number(what: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise ValueError(f"{what} has to be a number from 1 to {most}")
    return int(text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _sslmode(given: Mapping[str, str]) -> str:
    mode = given.get("sslmode", given.get("ssl", "prefer"))
    if mode not in MODES:
        raise ValueError(f"sslmode has to be one of {', '.join(MODES)}")
    return mode


def _certificates(given: Mapping[str, str]) -> dict[str, str]:
    files = {name: given[name] for name in CERTIFICATES if given.get(name)}
    if files and MODES.index(_sslmode(given)) < MODES.index("require"):
        raise ValueError(
            f"{', '.join(files)} needs sslmode=verify-full, verify-ca or require, which is what makes use of it"
        )
    if "sslkey" in files and "sslcert" not in files:
        raise ValueError("sslkey needs sslcert, the certificate that it belongs to")
    return files


def _target(given: Mapping[str, str], hosts: int) -> str:
    """The role that a server must have. Of several servers only one takes changes, so that is the default among them."""
    target = given.get("target_session_attrs", "read-write" if hosts > 1 else "any")
    if target not in TARGETS:
        raise ValueError(f"target_session_attrs has to be one of {', '.join(TARGETS)}: the suite changes what it reads")
    return target
