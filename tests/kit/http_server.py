"""Small real HTTP servers for tests, each in a thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import uvicorn
from starlette.types import ASGIApp

from shared.process.settings import BaseServiceSettings
from shared.service.server import bounded
from tests.kit.waiting import until


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], host: str = "127.0.0.1") -> Iterator[str]:
    """Serve on a free port of a loopback address while the block lasts; yields the address."""
    server = ThreadingHTTPServer((host, 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_app(app: ASGIApp, port: int, settings: BaseServiceSettings | None = None) -> Iterator[None]:
    """Serve an application, with its lifespan, on a port of loopback while the block lasts; with the limits of these settings."""
    http = bounded(settings or BaseServiceSettings())
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=http, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        assert server.started, "the application ended before it was up"
        yield
    finally:
        server.should_exit = True
        thread.join()
