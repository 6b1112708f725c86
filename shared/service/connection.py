"""One connection to a process: uvicorn's protocol, with an end to whatever a client can leave open or make long.

A request has to arrive in so many seconds, its headers in so many bytes, and whoever is answered has to read on. Knows no route but
`/livez`, which also answers when there are too many connections. What is in a body, shared/web/limits.py bounds.
"""

from __future__ import annotations

import asyncio
import json
import socket
from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.web.limits import CLOSE, LINGER_SECONDS
from shared.web.problems import (
    MEDIA_TYPE,
    HeadersTooLarge,
    MalformedRequest,
    Problem,
    RequestTimeout,
    TargetTooLong,
    TooManyConnections,
)

MOST_TARGET_BYTES = 8 * 1024
MOST_HEADER_BYTES = 32 * 1024
MOST_HEADERS = 200
MOST_PIPELINED = 16
"""Requests that one connection may have sent ahead."""
RESERVE = 64
"""Connections beyond the most that still get an answer; what comes after them is closed at once."""
SURPLUS_SECONDS = 0.5
"""For how long such a connection may say nothing."""
GRACE_SECONDS = 1.0
"""How much later than the application, which answers 408 itself, the connection gives up."""
RETRY_AFTER = {"Retry-After": "2"}
ALIVE = "/livez"


class ConnectionLimits(NamedTuple):
    """The most open connections of the process, and the seconds that a client has for a request, or to go on reading."""

    most: int
    seconds: float


class BoundedProtocol(HttpToolsProtocol):
    """A connection with limits."""

    def __init__(self, limits: ConnectionLimits, *uvicorn: Any, **config: Any) -> None:
        super().__init__(*uvicorn, **config)
        self._limits = limits
        self._deadline: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._refusal: Problem | None = None
        self._running: RequestResponseCycle | None = None
        self._surplus = self._refused = self._begun = self._moved = False
        self._silent_bytes = self._header_bytes = self._headers = 0

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """It counts, and its first request is awaited."""
        super().connection_made(transport)
        _give_up_with(transport, self._limits.seconds)
        beyond = len(self.connections) - self._limits.most
        if beyond > RESERVE:
            transport.abort()
            return
        self._surplus = beyond > 0
        if self._surplus:
            self.app = _only_alive(self.app, self._limits.most)
        self._expect(SURPLUS_SECONDS if self._surplus else self._limits.seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._expect(None)
        self._stop_stall()
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request: those of which the parser makes nothing may not become many."""
        if self._refused:
            return
        if self._deadline is None:
            self._expect(self._limits.seconds)
        self._moved = False
        super().data_received(data)
        self._silent_bytes = 0 if self._moved else self._silent_bytes + len(data)
        if self._silent_bytes > MOST_HEADER_BYTES and not self._refused:
            self._refuse(self._headers_too_large())

    def pause_writing(self) -> None:
        """The client does not read: it has a while to go on."""
        super().pause_writing()
        self._stop_stall()
        self._stalled = self.loop.call_later(self._limits.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It does."""
        self._stop_stall()
        super().resume_writing()

    # the parser

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._begun, self._header_bytes, self._headers = True, 0, 0

    def on_url(self, url: bytes) -> None:
        """Some of its target."""
        super().on_url(url)
        self._moved = True
        if len(self.url) > MOST_TARGET_BYTES:
            self._stop_parsing(TargetTooLong(f"the address has more than {MOST_TARGET_BYTES} bytes", headers=CLOSE))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers, or trailers."""
        self._moved = True
        self._headers += 1
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MOST_HEADER_BYTES or self._headers > MOST_HEADERS:
            self._stop_parsing(self._headers_too_large())
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The application is asked."""
        self._moved = True
        if len(self.pipeline) >= MOST_PIPELINED:
            self._stop_parsing(MalformedRequest("too many requests were sent ahead", headers=CLOSE))
        self._expect(self._limits.seconds + GRACE_SECONDS)
        super().on_headers_complete()
        if self._surplus:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Some of its body."""
        self._moved = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        """It is there whole."""
        self._moved, self._begun = True, False
        self._expect(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """uvicorn's answer to what cannot be parsed, as a problem."""
        self._refuse(self._refusal or MalformedRequest("this is no request of HTTP/1.1", headers=CLOSE))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """uvicorn tells only the last request of a connection that it is lost, and this may be an earlier one."""
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    # the ends

    def _expect(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._overdue)

    def _stop_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _overdue(self) -> None:
        """The time of a request is over. Bytes that are none, while an earlier one is answered, are no reason to end that."""
        self._deadline = None
        if self.transport.is_closing() or (self._answering and not self._begun):
            return
        if self._refused or not self._begun:
            return self.transport.abort()
        seconds = self._limits.seconds
        self._refuse(RequestTimeout(f"the request was not there whole within {seconds:g} seconds", headers=CLOSE))

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_parsing(self, refusal: Problem) -> None:
        """Make the parser raise, and uvicorn answer, with this problem."""
        self._refusal = refusal
        raise ValueError(refusal.detail)

    def _refuse(self, refusal: Problem) -> None:
        """Answer, and close once the client had time to read it; only close if another answer is under way."""
        self._refused = True
        if self._answering:
            return self.transport.abort()
        self.transport.write(_bytes_of(refusal))
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._expect(LINGER_SECONDS)

    def _headers_too_large(self) -> Problem:
        return HeadersTooLarge(
            f"the headers have more than {MOST_HEADER_BYTES} bytes, or are more than {MOST_HEADERS}", headers=CLOSE
        )


def _bytes_of(problem: Problem) -> bytes:
    """A problem as a whole answer of HTTP/1.1."""
    body = json.dumps(problem.body("/")).encode()
    headers = {**problem.headers, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    lines = [
        f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}",
        *(f"{k}: {v}" for k, v in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _only_alive(app: Any, most: int) -> ASGIApp:
    """An application that answers `/livez`, and that there are too many connections to everything else."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].removeprefix(scope.get("root_path", "")) == ALIVE:
            await app(scope, receive, send)
            return
        words = f"{most} connections are open, as many as may be"
        await TooManyConnections(words, headers={**CLOSE, **RETRY_AFTER}).answer(scope["path"])(scope, receive, send)

    return answer


def _give_up_with(transport: asyncio.Transport, seconds: float) -> None:
    """Have the kernel end a connection whose peer acknowledges nothing for so long, or leaves no room for what it is sent."""
    connected = transport.get_extra_info("socket")
    if connected is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
