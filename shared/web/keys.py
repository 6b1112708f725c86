"""Who may call a service, in two steps: a middleware finds out who is calling, a dependency of each route how far that must reach.

Without keys a service listens on loopback only (the settings see to that) and everyone there may do everything, but for a page of
another site in a browser there.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer, SecurityScopes
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.contract.audit_chain import Actor
from shared.process.credentials import RIGHTS, AcceptedKeys, Caller
from shared.process.logs import get_logger
from shared.web.behind_proxy import own_path
from shared.web.elsewhere import READING, is_from_elsewhere
from shared.web.problems import Forbidden, Unauthorized

OPEN_PATHS = ("/", "/livez", "/readyz", "/health")
DOCUMENTATION = ("/docs", "/redoc", "/openapi.json", "/asyncapi.json", "/static-offline-docs/")
"""Open too: the pages where a person enters a key."""
ELSEWHERE = "a page of another site sent this, and no key is needed here; use a page of this service, or a program"
_log = get_logger(__name__)
_bearer = HTTPBearer(auto_error=False, scheme_name="api_key", description="An API key, as `Authorization: Bearer KEY`")


class KeyMiddleware:
    """ASGI middleware that answers 401 to whoever has no key, before anything of the request is read or routed.

    `anyone`: the caller without a credential, None if one is needed. A caller that was recognised before it is let through.
    """

    def __init__(self, app: ASGIApp, keys: AcceptedKeys, anyone: Caller | None) -> None:
        self._app, self._keys, self._anyone = app, keys, anyone

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass with its caller in `state`, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        request = Request(scope)
        caller = self._caller(request)
        if caller is None:
            note_refusal(scope)
            refusal = Unauthorized("give an API key as `Authorization: Bearer KEY`").answer(request.url.path)
            return await refusal(scope, receive, send)
        if caller is self._anyone and request.method not in READING and is_from_elsewhere(request):
            note_refusal(scope)
            return await Forbidden(ELSEWHERE).answer(request.url.path)(scope, receive, send)
        request.state.caller = caller
        await self._app(scope, receive, send)

    def _caller(self, request: Request) -> Caller | None:
        known: Caller | None = getattr(request.state, "caller", self._anyone)
        if known is not None:
            return known
        path = own_path(request.scope)
        if path in OPEN_PATHS or path.startswith(DOCUMENTATION):
            return Caller("anyone", RIGHTS["read"])
        return self._keys.caller(request.headers.get("authorization", ""))


def note_refusal(scope: Scope) -> None:
    """Say in the log who was refused: the caller's address, as far as the proxies that are trusted tell it."""
    client = scope.get("client")
    _log.warning("refused", caller=client[0] if client else None)


async def authorize(
    request: Request,
    needed: SecurityScopes,
    _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """The caller; Forbidden unless it has every right that the route declares."""
    caller: Caller = request.state.caller
    for right in needed.scopes:
        if not caller.may(right):
            raise Forbidden(f"this key is good for {caller.reach}; {right} is needed")
    return caller


def require_force(request: Request) -> None:
    """Forbidden unless the caller may skip checks; for routes where that depends on what the body asks for."""
    caller: Caller = request.state.caller
    if not caller.may("force"):
        raise Forbidden(f"this key is good for {caller.reach}; force is needed")


def caller_name(request: Request) -> str:
    """Who is calling, as the ledger names them: the name of their key."""
    caller: Caller = request.state.caller
    return caller.name


async def actor(request: Request) -> Actor:
    """Who is calling, as the audit names them; of an address as much as the proxies that are trusted tell."""
    return Actor(caller_name(request), request.client.host if request.client else None)


READ = Security(authorize, scopes=["read"])
"""As a route's or router's dependency: the caller may read."""
OPERATE = Security(authorize, scopes=["operate"])
"""As a route's dependency: the caller may change something."""
FORCE = Security(authorize, scopes=["force"])
"""As a route's dependency: the caller may skip checks, and begin the ledger anew."""
NODE = Security(authorize, scopes=["node"])
"""As a router's dependency: the caller may fetch artifacts."""
TRAININGS = Security(authorize, scopes=["trainings"])
"""As a router's dependency: the caller may read trainings."""
PLAY = Security(authorize, scopes=["play"])
"""As a router's dependency: the caller may play games."""
TRAIN = Security(authorize, scopes=["train"])
"""As a route's dependency: the caller may announce a training."""
JOIN = Security(authorize, scopes=["join"])
"""As a router's dependency: the caller may register itself as a node."""
ORDER = Security(authorize, scopes=["order"])
"""As a route's dependency: the request is a signed order to this node."""
