"""Who may call a service, in two steps: a middleware finds out who is calling, a dependency of each route how far that must reach.

Without keys a service listens on loopback only (the settings see to that) and everyone there may do everything.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.process.credentials import AcceptedKeys, Caller
from shared.web.problems import Forbidden, Unauthorized

OPEN_PATHS = ("/livez", "/readyz", "/health")
DOCUMENTATION = ("/docs", "/redoc", "/openapi.json", "/static-offline-docs/")
"""Open too: the pages where a person enters a key."""
ANYONE = Caller("anyone on this machine", "operate")
_bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="An API key, as `Authorization: Bearer KEY`")


class KeyMiddleware:
    """ASGI middleware that answers 401 to whoever has no key, before anything of the request is read or routed."""

    def __init__(self, app: ASGIApp, keys: tuple[str, ...]) -> None:
        self._app, self._keys = app, AcceptedKeys(keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass with its caller in `state`, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        caller = self._caller(request)
        if caller is None:
            refusal = Unauthorized("give an API key as `Authorization: Bearer KEY`").answer(request.url.path)
            return await refusal(scope, receive, send)
        request.state.caller = caller
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller | None:
        if not self._keys:
            return ANYONE
        path = request.url.path
        if path in OPEN_PATHS or path.startswith(DOCUMENTATION):
            return Caller("anyone", "read")
        return self._keys.caller(request.headers.get("authorization", ""))


def authorize(
    request: Request,
    needed: SecurityScopes,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """The caller; Forbidden unless its scope includes every one that the route declares."""
    caller: Caller = request.state.caller
    for scope in needed.scopes:
        if not caller.may(scope):
            raise Forbidden(f"this key has the scope {caller.scope}; {scope} is needed")
    return caller


READ = Security(authorize, scopes=["read"])
"""As a route's or router's dependency: the caller may read."""
OPERATE = Security(authorize, scopes=["operate"])
"""As a route's dependency: the caller may change something."""
