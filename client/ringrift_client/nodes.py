"""The nodes and what is delivered to them, as people look at it and steer it.

from ringrift_client import Nodes

with Nodes.from_environment() as nodes:
    for node in nodes.all():
        print(node["name"], node["unreached"] or "answers")
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from ringrift_client.environment import key_for
from ringrift_client.errors import FrontDoorError, RefusedError, UnreachableError
from ringrift_client.server_events import server_events
from ringrift_client.transport import Transport

DISTRIBUTION_URL = "http://127.0.0.1:8772"
VARIABLE = "RINGRIFT_DISTRIBUTION_URL"
SILENCE_SECONDS, AGAIN_SECONDS = 45.0, 1.0
"""A stream says something every 15 seconds; one that is silent for so long is gone. Then, and between two questions, is a pause."""


class Nodes:
    """The distribution service as whoever looks at nodes uses it; use as a context manager."""

    def __init__(self, url: str = DISTRIBUTION_URL, api_key: str | None = None) -> None:
        self._distribution = Transport(url, api_key, variable=VARIABLE)

    @classmethod
    def from_environment(cls) -> Nodes:
        """The service that RINGRIFT_DISTRIBUTION_URL names, with the key in RINGRIFT_DISTRIBUTION_KEY or RINGRIFT_API_KEY."""
        return cls(os.environ.get(VARIABLE) or DISTRIBUTION_URL, key_for("distribution"))

    def __enter__(self) -> Nodes:
        return self

    def __exit__(self, *_: object) -> None:
        self._distribution.close()

    def all(self) -> list[Any]:
        """Every registered node, with what it last reported and why the last visit failed."""
        return list(self._distribution.call("GET", "/v1/nodes")["items"])

    def one(self, name: str) -> Any:
        """One of them. FrontDoorError, with the names that there are, if there is none of that name."""
        found = self.all()
        for node in found:
            if node["name"] == name:
                return node
        known = ", ".join(node["name"] for node in found) or "none is registered"
        raise FrontDoorError(f"there is no node {name!r}; the nodes: {known}")

    def add(self, name: str, url: str) -> Any:
        """Register a node at its agent's address; it gets every canonical version. RefusedError if the name is another node's."""
        return self._distribution.call("POST", "/v1/nodes", json={"name": name, "url": url})

    def remove(self, name: str, reason: str | None = None) -> None:
        """Forget a node; nothing but `add` brings it back. `reason`: for the audit."""
        self._distribution.call("DELETE", _of(name), params={"reason": reason} if reason else {})

    def isolate(self, name: str, reason: str) -> Any:
        """Leave a node alone until it is released."""
        return self._distribution.call("POST", f"{_of(name)}/isolation", json={"reason": reason})

    def release(self, name: str) -> None:
        """Visit it again, at once."""
        self._distribution.call("DELETE", f"{_of(name)}/isolation")

    def status(self) -> Any:
        """GET /status: the progress of every delivery of a canonical version, the daemon and its breakers."""
        return self._distribution.call("GET", "/status")

    def distributions(self, configuration: str | None = None, limit: int = 50) -> list[Any]:
        """How far versions are, by configuration, newest first."""
        wanted = {"limit": limit, **({"configuration": configuration} if configuration else {})}
        return list(self._distribution.call("GET", "/v1/distributions", params=wanted)["items"])

    def distribution(self, key: str) -> Any:
        """One of them, `hex8_2p:7`, with every node."""
        return self._distribution.call("GET", f"/v1/distributions/{quote(key)}")

    def follow(self, key: str, seconds: float = 3600) -> Iterator[Any]:
        """A distribution now and at every change, until it has ended, for so many seconds at most. A stream that breaks off is
        taken up where it was, and where there is none the service is asked every second. RefusedError if there is no such
        distribution, UnreachableError if the service was away until the time was over."""
        deadline, last = time.monotonic() + seconds, None
        while True:
            away: UnreachableError | None = None
            try:
                for found in self._changes(key, deadline):
                    if found != last:
                        yield found
                    last = found
                    if found["ended"]:
                        return
            except UnreachableError as error:
                away = error
            if time.monotonic() > deadline:
                if away is not None and last is None:
                    raise away
                return
            time.sleep(AGAIN_SECONDS)

    def _changes(self, key: str, deadline: float) -> Iterator[Any]:
        """It as it is, then its changes as long as the stream lasts; nothing more where the service gives no stream."""
        found = self.distribution(key)
        yield found
        left = min(max(deadline - time.monotonic(), AGAIN_SECONDS), SILENCE_SECONDS)
        options: Any = {"headers": {"Last-Event-ID": found["revision"]}, "timeout": left}
        chunks = self._distribution.stream(f"/v1/distributions/{quote(key)}/progress", **options)
        try:
            for event in server_events(takewhile(lambda _: time.monotonic() < deadline, chunks)):
                yield json.loads(event.data)
        except (RefusedError, ValueError):
            return

    def steer(self, key: str, verb: str, reason: str) -> Any:
        """`pause`, `resume`, `abort` or `advance` it; returns it as it is then. RefusedError if that version is not canonical."""
        return self._distribution.call("POST", f"/v1/distributions/{quote(key)}/{verb}", json={"reason": reason})


def _of(name: str) -> str:
    return f"/v1/nodes/{quote(name, safe='')}"
