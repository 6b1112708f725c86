"""Connecting to NATS: the servers that people have, their logins and TLS, and what is wrong with them in one sentence.

It never prints a secret, and knows nothing of streams.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nkeys
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.messaging.permissions import INBOX
from shared.process.logs import get_logger
from shared.process.nats_settings import NatsSettings, Servers

CONNECT_SECONDS = 5.0
RECENT_SECONDS = 6.0
OLDEST = (2, 10)
"""The first version whose consumers take several filters; older ones ignore them."""
_REFUSALS = ("authorization", "authentication", "nkey", "user jwt", "expired", "revoked")
_log = get_logger(__name__)


_SETTINGS = {
    "token": "RINGRIFT_NATS_TOKEN, or what the URL has", "user": "RINGRIFT_NATS_USER, or what the URL has",
    ".creds file": "RINGRIFT_NATS_CREDENTIALS", "nkey": "RINGRIFT_NATS_NKEY", "no login": "RINGRIFT_NATS_TOKEN is one way",
}  # fmt: skip


class NatsUnfitError(RuntimeError):
    """NATS can be reached, and cannot serve the suite as it is; the text says what to do."""


@dataclass(frozen=True)
class NatsOptions:
    """Where NATS is, how to log in, TLS, and how many servers are to keep each message."""

    servers: tuple[str, ...]
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    credentials: Path | None = None
    nkey: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    replicas: int = 1

    @classmethod
    def of(cls, settings: NatsSettings) -> NatsOptions:
        """The options that the settings ask for. ValueError, in words, for a combination that cannot work."""
        if faults := settings.nats_faults():
            raise ValueError("; ".join(faults))
        parsed = Servers.parse(settings.nats_url)
        token, user, password = settings.nats_token, settings.nats_user, settings.nats_password
        if len(parsed.login) == 1:
            token = parsed.login[0]
        elif parsed.login:
            user, password = parsed.login
        return cls(
            parsed.servers, token, user, password, settings.nats_credentials, settings.nats_nkey,
            settings.nats_ca, settings.nats_cert, settings.nats_key, settings.nats_replicas,
        )  # fmt: skip

    @classmethod
    def at(cls, url: str) -> NatsOptions:
        """The options of nothing but a URL; no environment is read."""
        return cls.of(NatsSettings.model_construct(nats_url=url))

    @property
    def places(self) -> str:
        """The servers as people are told of them."""
        return ", ".join(server.partition("://")[2] for server in self.servers)

    @property
    def wants_tls(self) -> bool:
        """Whether nothing may be said to a server without TLS."""
        return bool(self.ca or self.certificate) or any(server.startswith("tls://") for server in self.servers)

    @property
    def login(self) -> str:
        """The way of logging in, in words, with the setting that says how."""
        ways = {"token": self.token, "user": self.user, ".creds file": self.credentials, "nkey": self.nkey}
        given = next((name for name, value in ways.items() if value is not None), "no login")
        return f"{given}: {_SETTINGS[given]}"


class NatsClient(Client):
    """nats-py's client, which sends its login over TLS alone where TLS is wanted, and remembers why it was last turned away."""

    def __init__(self, options: NatsOptions) -> None:
        super().__init__()
        self.wanted = options
        self.trouble: Exception | None = None
        self._trouble_at = 0.0

    @property
    def recent_trouble(self) -> Exception | None:
        """Why the server turned something away, if that was within the time that an answer is waited for."""
        return self.trouble if time.monotonic() < self._trouble_at + RECENT_SECONDS else None

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.wanted.wants_tls and not info.get("tls_required"):
            if not info.get("tls_available"):
                raise NatsError("the server offers no TLS")
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)

    async def remember(self, error: Exception) -> None:
        """nats-py's callback for errors."""
        self.trouble, self._trouble_at = error, time.monotonic()
        _log.warning("nats", error=repr(error))


async def connected(options: NatsOptions, name: str) -> NatsClient:
    """A new connection that reconnects for ever, with an inbox of its name; none is left half made. ConnectionError says in one
    sentence why there is none."""
    client, extra = NatsClient(options), {**_login(options), **_tls(options)}
    try:
        # a client that may reconnect would also wait for ever for its first connection, whatever the server answers
        async with asyncio.timeout(CONNECT_SECONDS):
            await client.connect(
                list(options.servers), name=name, max_reconnect_attempts=-1, connect_timeout=3,
                error_cb=client.remember, allow_reconnect=False, inbox_prefix=f"{INBOX}.{name}", **extra,
                reconnect_time_wait=0.5,  # type: ignore[arg-type]  # nats-py sleeps for it
            )  # fmt: skip
    except (OSError, NatsError, TimeoutError) as error:
        await _end(client)
        raise ConnectionError(in_words(_cause(error, client.trouble), options)) from error
    except BaseException:
        await _end(client)
        raise
    client.options["allow_reconnect"] = True
    return client


def _cause(error: Exception, trouble: Exception | None) -> Exception:
    """A deadline, or a lost connection, often hides what was really the matter."""
    hidden = isinstance(error, TimeoutError) or isinstance(trouble, ssl.SSLError)
    return trouble if trouble is not None and hidden else error


async def _end(client: NatsClient) -> None:
    """Close a client that never connected: bounded, because nats-py waits for ever for what a failed TLS handshake leaves."""
    with suppress(Exception):
        async with asyncio.timeout(0.5):
            await client.close()


def in_words(error: Exception, options: NatsOptions) -> str:
    """Why NATS could not be reached, in one sentence without secrets."""
    text = str(error).removeprefix("nats: ").strip("'")
    if isinstance(error, ssl.SSLError) or "TLS" in text:
        reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or text
        return f"no TLS connection to NATS at {options.places}: {reason}"
    if isinstance(error, NatsError) and any(word in text.lower() for word in _REFUSALS):
        return f"NATS at {options.places} refuses the login ({options.login}): {text}"
    return f"cannot reach NATS at {options.places}: {text or repr(error)}"


def require_version(client: Client) -> None:
    """NatsUnfitError if the server is older than the suite can work with."""
    version = client.connected_server_version
    if (version.major, version.minor) < OLDEST:
        number, oldest = f"{version.major}.{version.minor}.{version.patch}", ".".join(map(str, OLDEST))
        raise NatsUnfitError(f"the NATS server has version {number}, and the suite needs {oldest} or later: update it")


class UnusableFileError(ConnectionError):
    """A file of the login or of TLS cannot be used."""


def _login(options: NatsOptions) -> dict[str, Any]:
    if options.token is not None:
        return {"token": options.token}
    if options.user is not None:
        return {"user": options.user, "password": options.password}
    for path, argument in ((options.credentials, "user_credentials"), (options.nkey, "nkeys_seed")):
        if path is not None:
            _require_seed(path)
            return {argument: str(path)}
    return {}


def _require_seed(path: Path) -> None:
    """nats-py's own errors for such files say nothing, or the secret."""
    try:
        seeds = [line for line in path.read_bytes().split() if line.startswith(b"SU")]
        nkeys.from_seed(bytearray(seeds[0])).wipe()
    except OSError as error:
        raise UnusableFileError(f"{path} cannot be read: {error.strerror}") from None
    except Exception:  # whatever the keys' library meets in the seed
        raise UnusableFileError(f"{path} holds no seed of a NATS user (a line that begins with SU)") from None


def _tls(options: NatsOptions) -> dict[str, Any]:
    if not options.wants_tls:
        return {}
    try:
        context = ssl.create_default_context(cafile=options.ca)
        if options.certificate is not None:
            context.load_cert_chain(options.certificate, options.key)
    except (OSError, ValueError) as error:
        files = ", ".join(str(path) for path in (options.ca, options.certificate, options.key) if path)
        raise UnusableFileError(f"the files for TLS with NATS cannot be used ({files}): {error}") from None
    return {"tls": context}
