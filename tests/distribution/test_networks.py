"""Nodes in the networks where they may be: looked at when they are registered, and what was looked at is what is connected to."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest

from services.distribution.daemon import RefusedError
from services.distribution.errors import NodeElsewhereError
from services.distribution.joining import Joining
from services.distribution.networks import Networks
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.resolver import Resolver
from services.distribution.settings import DistributionSettings
from shared.process.settings import SettingsError, load_settings
from shared.storage.artifact_folder import ArtifactFolder
from tests.distribution.bench import Bench

ALLOWED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://10.1.2.3:8780", "10.1.2.3"), ("http://[fd00::7]:8780", "fd00::7"),
        ("http://[::ffff:10.0.0.1]", "::ffff:a00:1"), ("http://[::ffff:11.0.0.1]", None),
        ("http://127.0.0.1:8780", None), ("http://[::1]", None), ("http://169.254.169.254", None),
        ("http://localhost:8780", None), ("http://nobody.invalid", None),
    ],
)  # fmt: skip
async def test_an_address_is_in_the_networks_or_refused(url: str, address: str | None) -> None:
    """By what a name stands for, in whatever way an address is written; without networks it is nobody's business."""
    assert await Networks((), Resolver()).address(url) is None
    networks = Networks(ALLOWED, Resolver())
    if address is None:
        with pytest.raises(NodeElsewhereError, match=r"nodes may be in 10\.0\.0\.0/8, fd00::/8 alone"):
            await networks.address(url)
    else:
        assert await networks.address(url) == address


async def test_a_node_elsewhere_is_not_registered(bench: Bench) -> None:
    """Neither by an operator, nor under another address, nor by itself."""
    nodes = replace(bench.service.nodes, allowed=ALLOWED)
    elsewhere = "http://192.168.0.1:8780"
    for act in (
        nodes.add(Node("node-9", elsewhere)),
        nodes.move(Node("node-1", elsewhere)),
        nodes.join(Joining("node-9", elsewhere, "1" * 32)),
    ):
        with pytest.raises(NodeElsewhereError, match=r"192\.168\.0\.1"):
            await act
    await nodes.add(Node("node-9", "http://10.0.0.9:8780"))
    assert [each.node.url for each in await nodes.page()] == ["http://node-1", "http://node-2", "http://10.0.0.9:8780"]


async def test_what_was_looked_at_is_connected_to(tmp_path: Path) -> None:
    """The request goes to that address, with the name in its header; and to a node that moved elsewhere goes none at all."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"node": "node-1", "models": {}, "fetches": {}})

    loopback = Networks((ip_network("127.0.0.0/8"),), Resolver())
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    agents = AgentClient(http, ArtifactFolder(tmp_path), "http://here:8772", networks=loopback)
    await agents.report(Node("node-1", "http://localhost:8780"))
    [request] = asked
    assert (request.url.host, request.headers["Host"], request.extensions["sni_hostname"]) == (
        "127.0.0.1", "localhost:8780", "localhost",
    )  # fmt: skip
    with pytest.raises(RefusedError, match=r"10\.0\.0\.1; nodes may be in 127"):
        await agents.report(Node("node-1", "http://10.0.0.1:8780"))
    assert len(asked) == 1


def test_networks_are_read_from_the_environment() -> None:
    """Comma-separated; what is none is refused at the start."""
    given = {
        "RINGRIFT_DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1/db",
        "RINGRIFT_NODE_NETWORKS": "10.0.0.0/8, fd00::/8",
    }
    assert load_settings(DistributionSettings, given).node_networks == ALLOWED
    with pytest.raises(SettingsError, match="RINGRIFT_NODE_NETWORKS"):
        load_settings(DistributionSettings, {**given, "RINGRIFT_NODE_NETWORKS": "10.0.0.1/8"})
