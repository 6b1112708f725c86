"""The settings of HTTP between the processes and behind a proxy, and what is wrong with their values. It never connects."""

from __future__ import annotations

import ipaddress
import re
import ssl
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

OWN_PATHS = (
    "admin", "docs", "health", "livez", "metrics", "openapi.json", "readyz", "redoc", "static-offline-docs", "status", "v1",
    "audit", "configurations", "decisions", "deliveries", "distributions", "evaluations", "games", "holds", "login", "logout",
    "nodes", "overview", "policies", "promote", "promotion-requests", "static", "timeline",
)  # fmt: skip
"""How the suite's own paths begin: a prefix that begins so could not be told from them."""
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)*")


def _is_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or set(value) & set("?# "):
        raise ValueError("is no address of a service; give one such as https://ringrift.example/ringrift/promotion")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_is_address)]
"""Where a service is: http or https, a host, and a path if it is behind a proxy; without a slash at its end."""


def _load(certificate: Path, key: Path) -> None:
    """ValueError unless the two belong together."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except ssl.SSLError:
        raise ValueError(f"{certificate} and {key} are no certificate in PEM form with its private key") from None
    except OSError as error:
        raise ValueError(f"{certificate} or {key} cannot be read: {error.strerror}") from None


class HttpSettings(BaseSettings):
    """How this process calls the others, and what stands in front of it."""

    model_config = SettingsConfigDict(env_prefix="RINGRIFT_", extra="ignore", frozen=True)

    http_ca: Path | None = Field(
        default=None, description="CA that signed the certificates of the processes that this one calls"
    )
    http_certificate: Path | None = Field(
        default=None, description="Certificate that this process shows to the processes that it calls"
    )
    http_key: Path | None = Field(default=None, validate_default=True, description="Private key of that certificate")
    tls_certificate: Path | None = Field(
        default=None, description="Certificate with which this process answers over TLS by itself"
    )
    tls_key: Path | None = Field(default=None, validate_default=True, description="Private key of that certificate")
    tls_client_ca: Path | None = Field(
        default=None, description="CA that has to have signed the certificate of whoever calls this process"
    )
    http_seconds: float = Field(
        default=10.0, gt=0, le=300, description="Longest time for a call to another process, to the end of its answer"
    )
    http_proxy_from_environment: bool = Field(
        default=False, description="Call the others through the proxy that HTTP_PROXY and its kin name"
    )
    root_path: str = Field(default="", description="Path under which a proxy shows this process, such as /ringrift")
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses or networks",
    )

    @field_validator(
        "http_ca", "http_certificate", "http_key", "tls_certificate", "tls_key", "tls_client_ca", mode="before"
    )
    @classmethod
    def _no_address(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("http_ca", "tls_client_ca")
    @classmethod
    def _has_certificates(cls, value: Path | None) -> Path | None:
        try:
            if value is not None:
                ssl.create_default_context(cafile=value)
        except ssl.SSLError:
            raise ValueError(f"{value} has no certificate in PEM form") from None
        except OSError as error:
            raise ValueError(f"{value} cannot be read: {error.strerror}") from None
        return value

    @field_validator("http_key", "tls_key")
    @classmethod
    def _is_of_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        name = f"{(info.field_name or '').partition('_')[0]}_certificate"
        certificate: Path | None = info.data.get(name)
        if (value is None) != (certificate is None) and name in info.data:
            raise ValueError(f"goes with RINGRIFT_{name.upper()}: give both or none")
        if value is not None and certificate is not None:
            _load(certificate, value)
        return value

    @field_validator("tls_client_ca")
    @classmethod
    def _needs_tls(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and info.data.get("tls_certificate") is None:
            raise ValueError("needs RINGRIFT_TLS_CERTIFICATE: without TLS nobody shows a certificate")
        return value

    @field_validator("root_path")
    @classmethod
    def _is_prefix(cls, value: str) -> str:
        prefix = value.rstrip("/")
        if not _PREFIX.fullmatch(prefix):
            raise ValueError(f"{value!r} is no path; give one such as /ringrift")
        if prefix.split("/")[1:2] and prefix.split("/")[1] in OWN_PATHS:
            raise ValueError(f"{value!r} begins as the suite's own paths do; give another, such as /ringrift")
        return prefix

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _are_networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(str(ipaddress.ip_network(part.strip())) for part in value.split(",") if part.strip())
