"""The gauntlet's neighbour: a promotion service as far as the gauntlet asks it for its policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.contract.events import Event
from shared.contract.policy import GatePolicy
from tests.kit.feeds import feed_page
from tests.kit.http_server import serving


class PolicyGiver:
    """A real HTTP server that hands out `policy` with the games asked for. `away`: it answers 503 to that;
    `raw`: it says that instead; `lists`: it also lists the policy unasked; `versions`: the canonical versions of hex8_2p and their
    digests, newest first."""

    def __init__(self, policy: GatePolicy) -> None:
        self.policy, self.away, self.lists = policy, False, False
        self.raw: bytes | None = None
        self.asked: list[str] = []
        self.feed: list[Event] = []
        self.versions: list[tuple[int, str]] = []
        self.url = ""

    @contextmanager
    def serving(self) -> Iterator[PolicyGiver]:
        """Serve on a free loopback port while the block lasts."""
        giver = self

        class Handler(BaseHTTPRequestHandler):
            """The one verb."""

            def do_GET(self) -> None:
                """The policy, or the feed."""
                address = urlsplit(self.path)
                known = address.path == "/v1/events" or (address.path.startswith("/v1/") and not giver.away)
                body = giver.answer(address.path, address.query) if known else b"{}"
                self.send_response(200 if known else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        with serving(Handler) as self.url:
            yield self

    def answer(self, path: str, query: str) -> bytes:
        """The feed, or the policy in force, with another number of games if asked."""
        if path == "/v1/events":
            return json.dumps(feed_page(self.feed, query)).encode()
        if path in ("/v1/configurations", "/v1/configurations/hex8_2p/versions"):
            return json.dumps({"items": self._canonical(path, query)}).encode()
        if self.raw is not None:
            return self.raw
        if path == "/v1/policies":
            return json.dumps({"items": [self.view("hex8_2p", self.policy)] if self.lists else []}).encode()
        self.asked.append(path)
        games = parse_qs(query).get("games")
        policy = self.policy.model_copy(update={"games": int(games[0])} if games else {})
        return json.dumps(self.view(path.split("/")[3], policy)).encode()

    def _canonical(self, path: str, query: str) -> list[dict[str, Any]]:
        """The newest version, or as many as were asked for."""
        most = int(parse_qs(query)["limit"][0]) if path.endswith("/versions") else 1
        return [
            {"configuration": "hex8_2p", "version": version, "digest": digest, "kind": "automatic"}
            for version, digest in self.versions[:most]
        ]

    @staticmethod
    def view(configuration: str, policy: GatePolicy) -> dict[str, Any]:
        """A policy as the promotion service shows it."""
        return {"id": policy.id, "configuration": configuration, "gates": policy.model_dump(mode="json")}
