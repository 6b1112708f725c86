"""Recognises the distribution service by its signature, before keys are asked for. What it may do then, the routes say."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.distribution.agent.signature import HEADER, OrderVerifier
from shared.process.credentials import Caller
from shared.web.behind_proxy import own_path
from shared.web.keys import note_refusal
from shared.web.problems import Unauthorized

MOST_BODY_BYTES = 16 * 1024
"""More than any order has; what is longer is not looked at."""
SERVICE = Caller("the distribution service", frozenset({"read", "order"}))


class SignatureMiddleware:
    """ASGI middleware: a request with a valid signature comes from the distribution service, one with another is answered 401."""

    def __init__(self, app: ASGIApp, verifier: OrderVerifier) -> None:
        self._app, self._verifier = app, verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, with its caller in `state` if it is signed, or refuse it."""
        signature = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if signature is None:
            return await self._app(scope, receive, send)
        body = await _read(receive)
        if body is None or not self._verifier.proves(signature, scope["method"], _target(scope), body):
            note_refusal(scope)
            text = "this is no signature of the distribution service for this node, method, path and body"
            return await Unauthorized(text).answer(scope["path"])(scope, receive, send)
        scope.setdefault("state", {})["caller"] = SERVICE
        await self._app(scope, _again(body, receive), send)


def _target(scope: Scope) -> str:
    """The path below the address under which the node is registered, with the query if there is one."""
    path = own_path(scope)
    query: bytes = scope["query_string"]
    return f"{path}?{query.decode('latin-1')}" if query else path


async def _read(receive: Receive) -> bytes | None:
    """The body; None if it is too long, or the caller went away."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > MOST_BODY_BYTES:
            return None
    return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, and then whatever comes after it."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay
