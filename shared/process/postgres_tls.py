"""TLS to Postgres, from the parameters of its address. The files are read anew at each call, so that they may be replaced."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, cast

from shared.process.postgres_url import MODES, PostgresUrl

SYSTEM = "system"
"""Trust what the machine trusts."""


Loose = Literal["disable", "allow", "prefer"]


def tls_of(url: PostgresUrl) -> ssl.SSLContext | Loose:
    """A context; for the modes that verify nothing and may do without, their name, which the driver knows.

    ValueError says which file cannot be used.
    """
    if MODES.index(url.sslmode) < MODES.index("require"):
        return cast(Loose, url.sslmode)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = url.sslmode == "verify-full"
    _trust(context, url)
    _present(context, url)
    return context


def _trust(context: ssl.SSLContext, url: PostgresUrl) -> None:
    authority = url.certificates.get("sslrootcert")
    if authority is None and url.sslmode == "require":
        context.verify_mode = ssl.CERT_NONE
    elif authority is None or authority == SYSTEM:
        context.load_default_certs()
    else:
        with _named(f"sslrootcert={authority}"):
            context.load_verify_locations(authority)


def _present(context: ssl.SSLContext, url: PostgresUrl) -> None:
    certificate, key = (url.certificates.get(name) for name in ("sslcert", "sslkey"))
    if certificate is not None:
        with _named(f"sslcert={certificate}" + (f", sslkey={key}" if key else "")):
            context.load_cert_chain(
                certificate, key, password=""
            )  # a key under a password would be asked for on the terminal


@contextmanager
def _named(files: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise ValueError(f"{files} cannot be used: {error}") from None
