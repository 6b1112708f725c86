"""The settings of the connection to NATS, and what is wrong with a combination of them. It never connects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SCHEMES = ("nats", "tls")
PORT = 4222
COMMA = "; a comma in a password is %2C"
_FILES = ("nats_credentials", "nats_nkey", "nats_ca", "nats_cert", "nats_key")


@dataclass(frozen=True)
class Servers:
    """The servers of a URL, `scheme://host:port` each, and the login that stood in it: user and password, or a token."""

    servers: tuple[str, ...]
    login: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def parse(cls, url: str) -> Servers:
        """One or several servers, comma-separated; a login may be percent-encoded. ValueError in words without secrets."""
        entries = [_entry(part.strip()) for part in url.split(",") if part.strip()]
        logins = {login for _, login in entries if login}
        if not entries:
            raise ValueError("names no server")
        if len(logins) > 1:
            raise ValueError("has a different login for some of its servers; one login must do for all")
        return cls(tuple(server for server, _ in entries), next(iter(logins), ()))


def _entry(text: str) -> tuple[str, tuple[str, ...]]:
    scheme, separator, rest = text.partition("://")
    login, _, place = rest.rpartition("@")
    if not separator:
        scheme, (login, _, place) = "nats", text.rpartition("@")
    if scheme not in SCHEMES:
        raise ValueError(f"has an address that begins with neither nats:// nor tls://{COMMA}")
    user, colon, password = login.partition(":")
    words = (unquote(user), unquote(password)) if colon else (unquote(user),) if user else ()
    return f"{scheme}://{_place(place)}", words


def _place(text: str) -> str:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, PORT
    if not host:
        raise ValueError(f"has an address without a host, or with a port that is no number{COMMA}")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class NatsSettings(BaseSettings):
    """Where NATS is, the one way to log in, and TLS."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    nats_url: str = Field(
        default="nats://127.0.0.1:4222",
        repr=False,
        description="The bus: one server, or several of a cluster, comma-separated; tls:// for TLS",
    )
    nats_token: str | None = Field(default=None, repr=False, description="Login: a token")
    nats_user: str | None = Field(default=None, description="Login: a user, with a password")
    nats_password: str | None = Field(default=None, repr=False, description="Login: the user's password")
    nats_credentials: Path | None = Field(default=None, description="Login: path of a .creds file")
    nats_nkey: Path | None = Field(default=None, description="Login: path of a file with an nkey seed")
    nats_ca: Path | None = Field(default=None, description="CA that signed the servers' certificates; asks for TLS")
    nats_cert: Path | None = Field(default=None, description="Certificate that this process presents to NATS")
    nats_key: Path | None = Field(default=None, description="The certificate's private key")
    nats_replicas: int = Field(
        default=1,
        ge=1,
        le=5,
        description="Servers of a NATS cluster that keep each message; 3 survives the loss of one",
    )

    @field_validator("nats_token", "nats_user", "nats_password", *_FILES, mode="before")
    @classmethod
    def _empty_is_not_given(cls, value: object) -> object:
        return None if value == "" else value

    def nats_faults(self) -> list[str]:
        """Combinations of these settings that cannot work, in words without secrets."""
        return [*self._url_faults(), *self._login_faults(), *self._pair_faults(), *self._file_faults()]

    def _url_faults(self) -> Iterator[str]:
        try:
            Servers.parse(self.nats_url)
        except ValueError as error:
            yield f"RINGRIFT_NATS_URL {error}"

    def _login_faults(self) -> Iterator[str]:
        ways = ("nats_token", "nats_user", "nats_credentials", "nats_nkey")
        given = [f"RINGRIFT_{name.upper()}" for name in ways if getattr(self, name) is not None]
        with suppress(ValueError):  # said elsewhere
            given += ["the login in RINGRIFT_NATS_URL"] if Servers.parse(self.nats_url).login else []
        if len(given) > 1:
            yield f"{' and '.join(given)} are {len(given)} ways to log in to NATS; give one"

    def _pair_faults(self) -> Iterator[str]:
        for one, other in (("nats_user", "nats_password"), ("nats_cert", "nats_key")):
            given = {name: getattr(self, name) is not None for name in (one, other)}
            if len(set(given.values())) > 1:
                there, missing = sorted(given, key=lambda name: not given[name])
                yield f"RINGRIFT_{there.upper()} needs RINGRIFT_{missing.upper()} beside it"

    def _file_faults(self) -> Iterator[str]:
        for name in _FILES:
            path = getattr(self, name)
            try:
                if path is not None:
                    path.open("rb").close()
            except OSError as error:
                yield f"RINGRIFT_{name.upper()}={path} cannot be read: {error.strerror}"
