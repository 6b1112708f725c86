"""Every door of every process: all operations of the OpenAPI documents that it serves, with requests that would be taken.

Nothing is listed here but what stands for a path's parameters, the bodies, and the two doors that OpenAPI does not show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import httpx

UNDOCUMENTED = (("metrics", "GET", "/metrics"), ("head_artifact", "HEAD", "/v1/artifacts/{digest}"))
OPEN = ("/", "/livez", "/readyz", "/health")
CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


class Door(NamedTuple):
    """An operation of a process."""

    receiver: str
    name: str
    method: str
    path: str
    body: Any = None

    def knock(self, client: httpx.Client, url: str, headers: Mapping[str, str]) -> httpx.Response:
        """The answer to the request."""
        return client.request(self.method, url + self.path, json=self.body, headers=headers)

    def __str__(self) -> str:
        return f"{self.method} {self.path} of {self.receiver}"


def doors(
    receiver: str, document: Any, stands_for: Mapping[str, str], bodies: Mapping[str, Any]
) -> Iterator[Door]:  # fmt: skip
    """Those of a process that are not open. KeyError for a parameter that nothing stands for, or a change without a body."""
    found = [
        (operation["operationId"], method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path not in OPEN
    ]
    found += [each for each in UNDOCUMENTED if each[2] in document["paths"] or each[0] == "metrics"]
    for name, method, path in found:
        filled = re.sub(r"\{(\w+)\}", lambda part: stands_for[part[1]], path)
        body = bodies[f"{receiver}.{name}" if f"{receiver}.{name}" in bodies else name] if method in CHANGING else None
        yield Door(receiver, name, method, filled, body)
