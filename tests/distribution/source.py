"""A distribution service's artifact route that misbehaves on demand."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler

from tests.kit.http_server import serving


class Source:
    """`files` by digest; `ranges`: what was asked for; `break_after`: bytes after which the next answer breaks off."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.ranges: list[str] = []
        self.break_after: int | None = None
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator["Source"]:
        """Serve on a free loopback port while the block lasts."""
        source = self

        class Handler(BaseHTTPRequestHandler):
            """The one route."""

            def do_GET(self) -> None:
                """A file from an offset."""
                asked = self.headers["Range"]
                source.ranges.append(asked)
                offset = int(asked.removeprefix("bytes=").removesuffix("-"))
                content = source.files[self.path.rsplit("/", 1)[1]][offset:]
                self.send_response(206)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                limit, source.break_after = source.break_after, None
                with suppress(ConnectionError):
                    self.wfile.write(content[:limit])

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        with serving(Handler) as self.url:
            yield self
