"""The environment, typed and checked at start.

Every variable of the suite begins with RINGRIFT_. A service declares its own in a subclass of `ServiceSettings`; a variable that
no service declares stops the service with a clear message, because a misspelt threshold must never be silently ignored.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Iterable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.contract.words import DISTRIBUTION_PORT, GAUNTLET_PORT, PROMOTION_PORT
from shared.process.artifact_settings import ArtifactSettings
from shared.process.credentials import ANYONE, AcceptedKeys, Caller
from shared.process.http_settings import Address, HttpSettings
from shared.process.logs import LogFormat
from shared.process.nats_settings import NatsSettings
from shared.process.postgres_spelling import EXAMPLE, with_password
from shared.process.postgres_tls import tls_of
from shared.process.postgres_url import PostgresUrl
from shared.process.secret_files import FILE, read_secrets
from shared.process.traces_settings import TracesSettings

PREFIX = "RINGRIFT_"
ANNOUNCED = "ringrift.settings"
"""Entry point group of the settings classes."""
S = TypeVar("S", bound="BaseServiceSettings")


def variables() -> frozenset[str]:
    """Every variable that any part of the suite declares: the fields of the settings classes that its packages announce.

    A process knows the others' variables too, because containers and shells often give all of them to each.
    """
    models = (entry.load() for entry in entry_points(group=ANNOUNCED))
    return frozenset(name for model in models for name in variables_of(model))


def variables_of(model: type[BaseServiceSettings]) -> frozenset[str]:
    """The variables of one settings class: its fields, and beside each secret the one that names a file."""
    return frozenset(
        {PREFIX + name.upper() for name in model.model_fields} | {name + FILE for name in secrets_of(model)}
    )


def secrets_of(model: type[BaseSettings]) -> list[str]:
    """The variables of a settings class that hold secrets: those that are never shown."""
    return [PREFIX + name.upper() for name, field in model.model_fields.items() if not field.repr]


class SettingsError(Exception):
    """The environment cannot be used; the text lists every fault."""


class BaseServiceSettings(TracesSettings, HttpSettings):
    """What every process of the suite reads: where it listens and who may call it."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    CALLS: ClassVar[tuple[str, ...]] = ()
    """The services whose addresses this process knows."""
    host: str = Field(
        default="127.0.0.1", description="Address to listen on; anything but loopback needs RINGRIFT_API_KEYS"
    )
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: LogFormat = Field(default="json", description="json, or console: a line for people")
    api_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        repr=False,
        description="Accepted keys, comma-separated `name:scope:hash`; scope is read, operate, force, node, train, play",
    )
    api_key: str | None = Field(
        default=None, repr=False, description="Key that this process presents where the receiver has none of its own"
    )

    most_body_bytes: int = Field(
        default=1 << 19, ge=1 << 14, le=1 << 30, description="Bytes of a request's body at most; more is answered 413"
    )
    most_connections: int = Field(
        default=500, ge=1, le=100_000, description="Open connections at most; one more is answered 503"
    )
    request_seconds: float = Field(
        default=30.0,
        ge=0.5,
        le=3600,
        description="Seconds in which a request has to arrive, and an answer's reader to go on",
    )

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value

    @property
    def anyone(self) -> Caller | None:
        """What may be done without a credential: everything as long as there are no keys on loopback, elsewhere nothing."""
        return ANYONE if self.is_loopback and not self.api_keys else None

    @property
    def asks_for_keys(self) -> bool:
        """Whether callers need a key, so that it matters which were issued."""
        return self.anyone is None

    def key_of(self, service: str) -> str | None:
        """The key that this process presents to a service of the suite, by its name."""
        key: str | None = getattr(self, f"{service}_key")
        return key or self.api_key

    def url_of(self, service: str) -> str:
        """The address of a service of the suite, by its name."""
        url: str = getattr(self, f"{service}_url")
        return url

    @property
    def edges(self) -> dict[str, str | None]:
        """The key that this process presents, None for none, by the address of each service that it knows."""
        return {self.url_of(name): self.key_of(name) for name in self.CALLS}

    @property
    def is_loopback(self) -> bool:
        """Whether the service can be reached from this machine only."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def faults(self) -> list[str]:
        """Combinations of settings that cannot work, in words; subclasses add their own."""
        if not self.is_loopback and not self.api_keys:
            return [f"{PREFIX}HOST={self.host} is not loopback, so {PREFIX}API_KEYS must be set (see docs/security.md)"]
        return [*self.key_faults(), *self.traces_faults()]

    def key_faults(self) -> list[str]:
        """What is wrong with the accepted keys, in words."""
        try:
            AcceptedKeys(self.api_keys)
        except ValueError as error:
            return [f"{PREFIX}API_KEYS: {error}"]
        return []


class ServiceSettings(NatsSettings, ArtifactSettings, BaseServiceSettings):
    """What the three services share beyond that: the ledger's database, the bus, the files, each other's addresses."""

    CALLS = ("gauntlet", "promotion", "distribution")
    database_url: str = Field(description=f"{EXAMPLE}, with the parameters that docs/servers.md lists", repr=False)
    database_password: str | None = Field(
        default=None, repr=False, description="The password, where the address of the database has none"
    )
    models_dir: Path = Field(default=Path("models"), description="Folder of trained models and canonical projections")
    gauntlet_url: Address = f"http://127.0.0.1:{GAUNTLET_PORT}"
    promotion_url: Address = f"http://127.0.0.1:{PROMOTION_PORT}"
    distribution_url: Address = f"http://127.0.0.1:{DISTRIBUTION_PORT}"
    gauntlet_key: str | None = Field(default=None, repr=False, description="Key for the gauntlet alone")
    promotion_key: str | None = Field(default=None, repr=False, description="Key for the promotion service alone")
    distribution_key: str | None = Field(default=None, repr=False, description="Key for the distribution service alone")
    feed_seconds: float = Field(
        default=5.0, gt=0, le=3600, description="Seconds between reads of the producers' event feeds"
    )

    keep_events_days: float = Field(
        default=90, ge=1, le=36_500, description="Days for which published events stay in a service's feed"
    )
    keep_handled_days: float = Field(
        default=180,
        ge=1,
        le=36_500,
        description="Days for which handled events are remembered; more than the feeds keep",
    )
    keep_letters_days: float = Field(default=90, ge=1, le=36_500, description="Days for which dead letters are kept")

    def faults(self) -> list[str]:
        """Combinations that cannot work."""
        own = []
        if self.keep_handled_days <= self.keep_events_days:
            text = f"must be more than {PREFIX}KEEP_EVENTS_DAYS={self.keep_events_days:g}, or events would be handled twice"
            own.append(f"{PREFIX}KEEP_HANDLED_DAYS={self.keep_handled_days:g} {text}")
        return [*super().faults(), *self._database_faults(), *self.nats_faults(), *own]

    @property
    def database_address(self) -> str:
        """The database with the password, wherever that was given."""
        return with_password(self.database_url, self.database_password) if self.database_password else self.database_url

    def _database_faults(self) -> list[str]:
        try:
            PostgresUrl.read(self.database_address)
        except ValueError as error:
            return [f"{PREFIX}DATABASE_URL: {error}"]
        return []

    @field_validator("database_url")
    @classmethod
    def _can_be_opened(cls, value: str) -> str:
        tls_of(PostgresUrl.read(value))
        return value


def unknown(names: Iterable[str]) -> list[str]:
    """What is wrong with the names of variables: those of the suite's that no part of it reads, with what was probably meant."""
    ours = sorted(name for name in names if name.startswith(PREFIX))
    known = variables() if ours else frozenset[str]()
    return [_unknown(name, known) for name in ours if name not in known]


def load_settings(model: type[S], environ: Mapping[str, str] | None = None) -> S:
    """Read and check the environment; SettingsError lists everything that is wrong with it."""
    names = os.environ if environ is None else environ
    faults = unknown(names)
    secrets, unread = read_secrets(secrets_of(model), names)
    faults += unread
    try:
        settings = model.model_validate(_own(model, {**names, **secrets}))
    except ValidationError as error:
        told = [fault.partition(FILE)[0] for fault in unread]
        wrong = [(PREFIX + (str(e["loc"][0]).upper() if e["loc"] else "?"), e["msg"]) for e in error.errors()]
        faults += [f"{name}: {text}" for name, text in wrong if name not in told]
        raise SettingsError(_listed(faults)) from None
    faults += settings.faults()
    if faults:
        raise SettingsError(_listed(faults))
    return settings


def _own(model: type[BaseServiceSettings], environ: Mapping[str, str]) -> dict[str, str]:
    return {name: environ[key] for name in model.model_fields if (key := PREFIX + name.upper()) in environ}


def _unknown(name: str, known: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    return f"{name} is not a setting of this suite" + (f"; did you mean {near[0]}?" if near else "")


def _listed(faults: list[str]) -> str:
    return "the settings cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults)
