"""What an application takes of a request: so many bytes of body, in so many seconds, and nothing that cannot be stored.

The bytes are counted while the application reads them, whatever the headers say, so that nobody has to hold them. Connections and
headers are bounded before, in shared/service/connection.py.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.web.problems import ContentTooLarge, InvalidRequest, Problem, RequestTimeout

LINGER_SECONDS = 2.0
"""For how long the rest of a body is thrown away, so that its sender gets to read why."""
CLOSE = {"Connection": "close"}
_GONE: Message = {"type": "http.disconnect"}


class BodyLimits(NamedTuple):
    """The most bytes of a body, and the seconds in which all of them have to be there."""

    most_bytes: int
    seconds: float


class LimitMiddleware:
    """ASGI middleware that answers 413, 408 or 422 to requests with more than the limits allow."""

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass as far as its limits, or refuse it."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            refusal = InvalidRequest("the address contains the character U+0000, which cannot be stored")
            return await refusal.answer(scope["path"].replace("\0", "%00"))(scope, receive, send)
        await _Exchange(self._limits, receive, send).run(self._app, scope)


class _Exchange:
    """One request and its answer. `refusal`: why the body is not read on."""

    def __init__(self, limits: BodyLimits, receive: Receive, send: Send) -> None:
        self._limits, self._from_client, self._to_client = limits, receive, send
        self._deadline = asyncio.get_running_loop().time() + limits.seconds
        self._count = 0
        self._arrived = self._answered = False
        self._refusal: Problem | None = None

    async def run(self, app: ASGIApp, scope: Scope) -> None:
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._limits.most_bytes:
            self._refusal = self._too_large()
        else:
            try:
                await app(scope, self._receive, self._send)
            except Exception:
                if self._refusal is None:
                    raise
        if self._refusal is not None and not self._answered:
            await self._refuse(self._refusal, scope["path"])

    async def _receive(self) -> Message:
        if self._arrived:
            return await self._from_client()
        if self._refusal is not None:
            return self._given_up(self._refusal)
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._from_client()
        except TimeoutError:
            words = f"the request was not there whole within {self._limits.seconds:g} seconds"
            return self._given_up(RequestTimeout(words, headers=CLOSE))
        self._arrived = not message.get("more_body", False)
        self._count += len(message.get("body", b""))
        return self._given_up(self._too_large()) if self._count > self._limits.most_bytes else message

    def _given_up(self, refusal: Problem) -> Message:
        """To whoever reads the body it is an exception; to whoever only waits for the client to go, it has gone."""
        if self._answered:
            return _GONE
        self._refusal = refusal
        raise refusal

    async def _send(self, message: Message) -> None:
        if self._refusal is None:
            self._answered = True
            await self._to_client(message)

    async def _refuse(self, refusal: Problem, path: str) -> None:
        refusal.__traceback__ = None  # it holds what was read of the body
        answer = refusal.answer(path)
        start: Message = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
        await self._to_client(start)
        await self._to_client({"type": "http.response.body", "body": answer.body, "more_body": True})
        if isinstance(refusal, ContentTooLarge):
            await self._throw_away()
        await self._to_client({"type": "http.response.body", "body": b"", "more_body": False})

    async def _throw_away(self) -> None:
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while (await self._from_client()).get("more_body", False):
                    pass
        except TimeoutError:
            return

    def _too_large(self) -> Problem:
        return ContentTooLarge(f"the body has more than {self._limits.most_bytes} bytes", headers=CLOSE)
