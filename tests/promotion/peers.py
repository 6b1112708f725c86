"""The promotion service's neighbours, as far as it talks to them: the gauntlet's feed and the distribution service's routes."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from shared.contract.events import Event
from tests.kit.feeds import feed_page
from tests.kit.http_server import serving


class Neighbour:
    """A real HTTP server. `feed`: the events it shows; `status`: its GET /status; `asked`: what it was sent by POST.

    `ledger`: the canonical versions it names, and `evaluations`: those that run; None if it does not know that route.
    `refusal`: its answer to every POST; `played`: answers for evaluations, where a test shows some; `pages`: its answers to GETs,
    by path, before anything else.
    """

    def __init__(self) -> None:
        self.feed: list[Event] = []
        self.status: Any = {"model_distribution": {"configurations": {}}, "daemon": {"status": "running"}}
        self.status["alive_peers"] = ["127.0.0.1"]
        self.asked: list[tuple[str, Any]] = []
        self.ledger: list[Any] | None = None
        self.evaluations: list[Any] | None = []
        self.refusal: tuple[int, Any] = (202, {})
        self.played: Callable[[str, str], tuple[int, Any]] | None = None
        self.pages: dict[str, Any] = {}
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator["Neighbour"]:
        """Serve on a free loopback port while the block lasts."""
        neighbour = self

        class Handler(BaseHTTPRequestHandler):
            """The two verbs."""

            def do_GET(self) -> None:
                """The feed or the status."""
                address = urlsplit(self.path)
                found = neighbour.pages.get(address.path)
                if neighbour.played and found is None and address.path.startswith("/v1/evaluations"):
                    return self._answer(*neighbour.played(address.path, address.query))
                self._answer(200, neighbour.shown(address.path, address.query) if found is None else found)

            def do_POST(self) -> None:
                """Take note."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                neighbour.asked.append((self.path, json.loads(body)))
                self._answer(*neighbour.refusal)

            def do_DELETE(self) -> None:
                """Take note of the address alone."""
                neighbour.asked.append((self.path, None))
                self._answer(*neighbour.refusal)

            def _answer(self, status: int, content: Any) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        with serving(Handler) as self.url:
            yield self

    def shown(self, path: str, query: str) -> Any:
        """The answer to a GET."""
        if path == "/v1/configurations" and self.ledger is not None:
            return {"items": self.ledger}
        if path == "/v1/evaluations" and self.evaluations is not None:
            return {"items": self.evaluations if "state=running" in query else [], "next": None}
        return self.page(query) if path == "/v1/events" else self.show_status()

    def show_status(self) -> Any:
        """The answer to GET /status."""
        return self.status

    def page(self, query: str) -> Any:
        """The events after the cursor."""
        return feed_page(self.feed, query)
