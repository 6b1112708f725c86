"""The pages of the documentation, so that they ask nothing of any host but their own."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI, Request, Response
from starlette.routing import Route

REDOC = "/static-offline-docs/redoc.standalone.js"
_FILE = Path(fastapi_offline.__file__).parent / "static" / "redoc.standalone.js"
_ELSEWHERE = re.compile(rb"https://cdn\.redoc\.ly/[\w./-]+")
"""The logo of its makers, which it would fetch from them."""


def stay_at_home(app: FastAPI) -> None:
    """Serve ReDoc without what it would fetch elsewhere; before the folder that has it as it came."""
    app.router.routes.insert(0, Route(REDOC, _redoc, name="redoc"))


async def _redoc(request: Request) -> Response:
    return Response(_script(), media_type="text/javascript")


@cache
def _script() -> bytes:
    return _ELSEWHERE.sub(b"data:,", _FILE.read_bytes())
