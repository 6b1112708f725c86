"""Servers that answer so as to cost whoever asks memory or time."""

import gzip
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler

from tests.kit.http_server import serving

MEGABYTE = bytes(1 << 20)
LARGE = 400
"""Megabytes: far more than may ever be held, and not so many that a test of what holds them ends the machine."""
PAUSE_SECONDS = 0.2
MOST_PAUSES = 600


@cache
def bomb() -> bytes:
    """Large zeros in gzip: less than half a megabyte."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=6) as stream:
        for _ in range(LARGE):
            stream.write(MEGABYTE)
    return packed.getvalue()


def _gzip_bomb(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(bomb())))
    handler.end_headers()
    handler.wfile.write(bomb())


def _endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(LARGE):
        handler.wfile.write(MEGABYTE)


def _slow_body(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    _trickle(handler, b" ")


def _slow_head(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    _trickle(handler, b"X-A: b\r\n")


def _trickle(handler: BaseHTTPRequestHandler, piece: bytes) -> None:
    for _ in range(MOST_PAUSES):
        handler.wfile.write(piece)
        handler.wfile.flush()
        threading.Event().wait(PAUSE_SECONDS)


ANSWERS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    "gzip-bomb": _gzip_bomb,
    "endless": _endless,
    "slow-body": _slow_body,
    "slow-head": _slow_head,
}


@contextmanager
def hostile(kind: str) -> Iterator[str]:
    """Serve one of ANSWERS to every request while the block lasts; yields the address."""
    bomb()  # it takes a second to make

    class Handler(BaseHTTPRequestHandler):
        """Every verb."""

        def do_GET(self) -> None:
            """Answer."""
            with suppress(ConnectionError):
                ANSWERS[kind](self)
            self.close_connection = True

        def do_PUT(self) -> None:
            """Answer alike."""
            self.do_GET()

        def do_POST(self) -> None:
            """Answer alike."""
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url
