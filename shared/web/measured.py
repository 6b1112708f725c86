"""How long requests wait for their answers, as Prometheus counts it: by method, route and status, of which each has few."""

from __future__ import annotations

import time

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
OTHER = "other"
"""What is no route of ours, or no method: whoever asks must not be able to make labels."""
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
REQUESTS = Histogram(
    "ringrift_http_request_seconds",
    "From a request's headers to those of its answer",
    ["method", "route", "status"],
    buckets=SECONDS,
)


class MeasureMiddleware:
    """Stands before everything else, so that what is refused is counted too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and take its time."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began = time.perf_counter()

        async def timed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began
                REQUESTS.labels(_method(scope), route_of(scope), str(message["status"])).observe(seconds)
            await send(message)

        await self._app(scope, receive, timed)


def route_of(scope: Scope) -> str:
    """The template of the route that answered, such as /v1/decisions/{decision_id}."""
    return str(getattr(scope.get("route"), "path", OTHER))


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else OTHER
