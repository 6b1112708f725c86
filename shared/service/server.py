"""Running a service as a process: check its settings, then serve it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from fastapi import FastAPI

from shared.process.logs import configure_logs
from shared.process.settings import BaseServiceSettings, SettingsError, load_settings

S = TypeVar("S", bound=BaseServiceSettings)


def serve(name: str, model: type[S], port: Callable[[S], int], create_app: Callable[[S], FastAPI]) -> None:
    """Serve until a signal ends the process; unusable settings end it at once with exit code 2 and say why."""
    try:
        settings = load_settings(model)
    except SettingsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    configure_logs(name, settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=port(settings),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
    )
