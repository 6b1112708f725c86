"""Who comes to a page: whoever has a session, whoever needs none, and everybody else is asked to log in.

It stands before the keys of the API, knows only addresses of pages, and gives every answer there what browsers are to hold to.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.promotion.console.desk import Desk
from services.promotion.console.session import NOBODY
from services.promotion.console.visit import COOKIE
from shared.process.credentials import RIGHTS, Caller
from shared.web.behind_proxy import own_path

OPEN = ("login", "static")
HOME = "/overview"
READER = Caller("anyone", RIGHTS["read"])
STRANGER = Caller("nobody", RIGHTS["read"])
"""Who looks at the pages that are open to all; they show nothing of the suite."""
# the policy of referrers is not `no-referrer`: under that a browser does not say where a form comes from
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class PageGate:
    """ASGI middleware. `segments`: how the paths of pages begin."""

    def __init__(self, app: ASGIApp, desk: Desk, segments: Collection[str]) -> None:
        self._app, self._desk, self._segments = app, desk, frozenset(segments)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request for a page in with its caller in `state`, or lead it to the login; others pass."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        scope = _home(scope)
        segment = own_path(scope).split("/")[1]
        if segment not in self._segments:
            return await self._app(scope, receive, send)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        request = Request(scope)
        caller, request.state.session = self._caller(request, segment)
        if caller is None:
            return await _to_login(request)(scope, receive, answer)
        request.state.caller = caller
        await self._app(scope, receive, answer)

    def _caller(self, request: Request, segment: str) -> tuple[Caller | None, str]:
        """Who is there, and by which session."""
        session = request.cookies.get(COOKIE, "")
        key_hash = self._desk.sessions.key_of(session) if session else None
        holder = self._desk.keys.holder(key_hash) if key_hash else None
        if holder is not None:
            return holder, session
        if self._desk.anyone is not None:
            return self._desk.anyone, NOBODY
        if segment in OPEN:
            return STRANGER, NOBODY
        return READER if self._desk.public and request.method == "GET" else None, NOBODY


def _home(scope: Scope) -> Scope:
    """`GET /` of a browser is the first page; programs get the index that every process has."""
    if own_path(scope) != "/" or scope["method"] not in ("GET", "HEAD"):
        return scope
    if "text/html" not in Request(scope).headers.get("accept", ""):
        return scope
    path = scope.get("root_path", "") + HOME
    return {**scope, "path": path, "raw_path": path.encode()}


def _to_login(request: Request) -> Response:
    root, path = request.scope.get("root_path", ""), own_path(request.scope)
    if request.headers.get("hx-request"):
        return Response(status_code=200, headers={"HX-Refresh": "true"})
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = path + query if request.method == "GET" and not path.endswith("/live") else HOME
    return RedirectResponse(f"{root}/login?next={quote(wanted, safe='')}", 303)
