"""Orders to a node that the distribution service did not give to it: replayed, changed, signed by others, or old."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import httpx

from cli.commands.keys import order_pair
from services.distribution.agent.signature import HEADER, OrderSigner
from tests.suite.edges.liars import Request

PATH = "/v1/models/hex8_2p"
OTHER_PATHS = ("/v1/models/hex8_3p", "/v1/models/square8_2p", f"{PATH}?force=true")


class ForgedOrder(NamedTuple):
    """A request to a node, and what is wrong with it."""

    fault: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def put(self, client: httpx.Client, url: str, key: str | None = None) -> httpx.Response:
        """What the node at that address answers, with an API key or without."""
        bearer = {"Authorization": f"Bearer {key}"} if key else {}
        headers = {**self.headers, **bearer, "Content-Type": "application/json"}
        return client.put(url + self.path, content=self.body, headers=headers)


class Orders(NamedTuple):
    """What can be said to one node. `present` is what it was told last, `old` before that; `false` what it never was."""

    node: str
    present: Mapping[str, Any]
    old: Mapping[str, Any]
    false: Sequence[Mapping[str, Any]]
    signer: OrderSigner

    def unproven(self, captured: list[Request], other: str) -> Iterator[ForgedOrder]:
        """Those with no signature, or one of something else. `captured`: what was sent to other nodes; `other`: a node's name."""
        signatures = dict(self._foreign(other))
        signatures |= {f"of {each.method} {each.path} to {each.node}": _signature(each) for each in captured}
        everything = [self.present, self.old, *self.false]
        for order in everything:
            for fault, signature in signatures.items():
                headers = {HEADER: signature} if signature is not None else {}
                yield ForgedOrder(f"signature {fault}", PATH, headers, _body(order))
        for each in captured:
            if each.method == "PUT":
                yield ForgedOrder(f"sent to {each.node}", PATH, {HEADER: _signature(each)}, each.body)
        for path in OTHER_PATHS:
            yield ForgedOrder(
                "for another path", path, {HEADER: self._sign("PUT", PATH, self.present)}, _body(self.present)
            )

    def proven(self) -> Iterator[ForgedOrder]:
        """Those that the service did give to this node once: a replay."""
        yield ForgedOrder("replayed", PATH, {HEADER: self._sign("PUT", PATH, self.old)}, _body(self.old))

    def again(self) -> ForgedOrder:
        """What the node was told last."""
        return ForgedOrder("again", PATH, {HEADER: self._sign("PUT", PATH, self.present)}, _body(self.present))

    def _foreign(self, other: str) -> Iterator[tuple[str, str | None]]:
        yield "none", None
        for text in ("", "no base64!", base64.b64encode(bytes(64)).decode()):
            yield repr(text), text
        stranger, body = OrderSigner(order_pair()[0]), _body(self.present)
        yield "by a stranger", stranger.headers("PUT", PATH, self.node, body)[HEADER]
        yield "of a question", self.signer.headers("GET", "/v1/models", self.node, b"")[HEADER]
        yield "of another method", self.signer.headers("POST", PATH, self.node, body)[HEADER]
        yield "of another path", self.signer.headers("PUT", OTHER_PATHS[0], self.node, body)[HEADER]
        yield "for another node", self.signer.headers("PUT", PATH, other, body)[HEADER]
        yield "of an empty order", self.signer.headers("PUT", PATH, self.node, b"")[HEADER]

    def _sign(self, method: str, path: str, order: Mapping[str, Any]) -> str:
        return self.signer.headers(method, path, self.node, _body(order))[HEADER]


def _body(order: Mapping[str, Any]) -> bytes:
    return json.dumps(order).encode()


def _signature(request: Request) -> str:
    return {name.lower(): value for name, value in request.headers.items()}[HEADER.lower()]
