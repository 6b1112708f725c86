"""Requests that belong to a trace are spans of it: whoever sends `traceparent` finds them there. All others are in none."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.contract.trace import HEADER, read
from shared.process.traces import span
from shared.web.measured import route_of


class TraceMiddleware:
    """Goes on with the trace of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, within its trace if it has one."""
        place = read(Headers(scope=scope).get(HEADER)) if scope["type"] == "http" else None
        if place is None:
            return await self._app(scope, receive, send)
        with span(scope["method"], place, "server") as request:
            try:
                await self._app(scope, receive, send)
            finally:
                request.rename(f"{scope['method']} {route_of(scope)}")
