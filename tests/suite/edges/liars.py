"""Nodes in an attacker's hands: registered like any other, they answer the distribution service whatever they like.

Each lie has a node of its own, because a node that fails is visited less often.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from tests.kit.http_server import serving

HEX8 = "hex8_2p"


class Request(NamedTuple):
    """What a node was sent."""

    node: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Lie(NamedTuple):
    """An answer."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


def report(node: str, version: int = 0, digest: str = "", **more: Any) -> dict[str, Any]:
    """What a node says that it holds."""
    models = {HEX8: {"version": version, "digest": digest, "size": 5}} if version else {}
    return {"node": node, "models": models, "fetches": {}, **more}


def lies(untrained: str, doors: Mapping[str, str]) -> dict[str, Callable[[str], Lie]]:
    """By name: what is answered to the node of that name. `untrained`: a digest; `doors`: addresses to lead the service to."""
    fetching = {HEX8: {"version": 9000, "digest": untrained, "size": 5, "bytes_done": 5, "error": "x" * 5000}}
    redirects = {
        f"liar-leads-to-{name}": lambda _, url=url: Lie(307, {}, {"Location": url}) for name, url in doors.items()
    }
    return {
        "liar-empty": lambda node: Lie(200, report(node)),
        "liar-ahead": lambda node: Lie(200, report(node, 9000, untrained)),
        "liar-other-bytes": lambda node: Lie(200, report(node, 2, untrained)),
        "liar-fetching": lambda node: Lie(200, report(node, fetches=fetching)),
        "liar-beyond": lambda node: Lie(200, report(node, 10**30, untrained)),
        "liar-other-name": lambda _: Lie(200, report("node-1")),
        "liar-other-name-ahead": lambda _: Lie(200, report("node-1", 9000, untrained)),
        "liar-asks-for-keys": lambda _: Lie(401, {}, {"WWW-Authenticate": "Bearer, Basic realm=x"}),
        "liar-event": lambda _: Lie(200, {"type": "MODEL_PROMOTED", "data": {"version": 9000, "digest": untrained}}),
        "liar-no-json": lambda _: Lie(200, "\x00{"),
        "liar-broken": lambda _: Lie(500, {"detail": "x" * 5000}),
        **redirects,
    }


@dataclass
class Liars:
    """A server that is all of those nodes, each under a path of its own."""

    answers: Mapping[str, Callable[[str], Lie]]
    seen: list[Request] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer, while the block lasts."""
        liars = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_PUT(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def do_DELETE(self) -> None:
                self._answer()

            def _answer(self) -> None:
                _, node, *rest = self.path.split("/", 2)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                lie = liars.answers[node](node)
                liars.seen.append(Request(node, self.command, f"/{''.join(rest)}", dict(self.headers), body))
                content = lie.body.encode() if isinstance(lie.body, str) else json.dumps(lie.body).encode()
                self.send_response(lie.status)
                for name, value in {**lie.headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing."""

        with serving(Handler) as url:
            self.url = url
            yield
