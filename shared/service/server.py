"""Running a service as a process: check its settings, then serve it."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

import uvicorn
from fastapi import FastAPI

from shared.process.logs import configure_logs
from shared.process.settings import BaseServiceSettings, SettingsError, load_settings
from shared.process.traces import configure_traces
from shared.service.connection import BoundedProtocol, ConnectionLimits
from shared.web.behind_proxy import BehindProxy

S = TypeVar("S", bound=BaseServiceSettings)
KEEP_ALIVE_SECONDS = 5
"""For how long a connection without a request stays open."""


def serve(name: str, model: type[S], port: Callable[[S], int], create_app: Callable[[S], FastAPI]) -> None:
    """Serve until a signal ends the process; unusable settings end it at once with exit code 2 and say why."""
    try:
        settings = load_settings(model)
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    configure_logs(name, settings.log_level, settings.log_format)
    configure_traces(name, settings)
    uvicorn.run(
        BehindProxy(create_app(settings), settings),
        host=settings.host,
        port=port(settings),
        http=bounded(settings),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=5,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        ssl_ca_certs=str(settings.tls_client_ca) if settings.tls_client_ca else None,
        ssl_cert_reqs=ssl.CERT_REQUIRED if settings.tls_client_ca else ssl.CERT_NONE,
    )


def bounded(settings: BaseServiceSettings) -> type[asyncio.Protocol]:
    """The protocol of connections, with the limits of the settings: what uvicorn calls for each of them."""
    limits = ConnectionLimits(settings.most_connections, settings.request_seconds)
    return cast("type[asyncio.Protocol]", partial(BoundedProtocol, limits))
