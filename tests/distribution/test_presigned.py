"""Nodes that fetch from the bucket itself, by addresses that the distribution service gives: an agent and a bucket alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest

from services.distribution.agent.app import create_app
from services.distribution.agent.settings import AgentSettings
from services.distribution.agent.sources import SourceRefusedError, require_source
from services.distribution.daemon import RefusedError
from services.distribution.delivery import Head
from services.distribution.node import Node
from services.distribution.node_client import AgentClient
from services.distribution.settings import DistributionSettings
from shared.storage.artifact_bucket import ArtifactBucket
from tests.kit.buckets import CREDENTIALS, bucket_server, bucket_store, new_bucket, past_the_store
from tests.kit.documents import DATABASE
from tests.kit.waiting import async_until

NODE, NOBODY = Node("node-1", "http://node-1:8780"), "http://127.0.0.1:9"
MODEL = b"weights" * 1000


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server for all tests of this module."""
    with bucket_server() as url:
        yield url


class Scene:
    """A bucket with a model, and whoever orders nodes to hold it."""

    def __init__(self, server: str, folder: Path) -> None:
        self.server, self.bucket, self.folder = server, new_bucket(server), folder
        self.store: ArtifactBucket = bucket_store(server, self.bucket, folder / "cache")
        (folder / "model.pth").write_bytes(MODEL)
        artifact = self.store.take_in(folder / "model.pth")
        self.head = Head("hex8_2p", 1, artifact.digest, artifact.size)

    @asynccontextmanager
    async def agent(self, *sources: str) -> AsyncIterator[tuple[AgentClient, httpx.AsyncClient]]:
        """An agent that may fetch from there, as the service reaches it."""
        app = create_app(
            AgentSettings(
                agent_node="node-1",
                agent_dir=self.folder / "node",
                agent_sources=sources,
                distribution_url=NOBODY,
                agent_transport="http",
            )
        )
        http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=NODE.url)
        async with app.router.lifespan_context(app), http:
            yield AgentClient(http, self.store, NOBODY, presigned=True), http

    def overwrite(self, content: bytes) -> None:
        """Somebody writes past the store."""
        obstore.put(past_the_store(self.server, self.bucket), self.store.key(self.head.digest), content)


@pytest.fixture
def scene(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """A bucket of this test's own."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return Scene(server, tmp_path)


async def test_a_node_fetches_from_the_bucket_itself(scene: Scene) -> None:
    """It holds the model, though nobody answers at the distribution service."""
    async with scene.agent(scene.server) as (client, _):
        await client.order(NODE, scene.head)

        async def held() -> Any:
            return (await client.report(NODE)).models.get("hex8_2p")

        assert (await async_until(held, 60)).digest == scene.head.digest
    assert (scene.folder / "node" / "models" / "canonical_hex8_2p.pth").read_bytes() == MODEL


async def test_f04_other_bytes_are_refused_and_the_address_is_not_told(scene: Scene) -> None:
    """It is a credential for a while; the reason has what is needed to find the fault."""
    damaged = b"weighTs" + MODEL[7:]
    async with scene.agent(scene.server) as (client, http):
        await asyncio.to_thread(scene.overwrite, damaged)
        await client.order(NODE, scene.head)

        async def failed(words: str) -> Any:
            text = (await http.get("/v1/models")).text
            return text if words in text else None

        assert "Signature" not in await async_until(lambda: failed("have digest"), 60)
        await asyncio.to_thread(scene.overwrite, b"")
        missing = Head("hex8_3p", 1, scene.head.digest, len(MODEL))
        await client.order(NODE, missing)
        assert "Signature" not in await async_until(lambda: failed("answered 4"), 60)


async def test_a_node_fetches_from_nobody_because_an_order_says_so(scene: Scene) -> None:
    """Its own settings name whom it may ask."""
    for sources in ((), ("https://s3.example:9000",)):
        async with scene.agent(*sources) as (client, _):
            with pytest.raises(RefusedError, match="RINGRIFT_AGENT_SOURCES"):
                await client.order(NODE, scene.head)


@pytest.mark.parametrize(
    "address",
    [
        "http://s3.example:9000/m", "https://s3.example/m", "https://s3.example:9000@evil.example/m",
        "https://s3.example:9000.evil.example/m", "https://user@s3.example:9000/m", "file:///etc/passwd", "//s3.example:9000/m",
    ],
)  # fmt: skip
def test_an_address_that_only_looks_like_a_source_is_refused(address: str) -> None:
    """Scheme, host and port have to be those of the setting, and nobody's name stands before them."""
    require_source("here", "https://s3.example:9000/models/m?X-Amz-Signature=1", "here", ["https://s3.example:9000"])
    with pytest.raises(SourceRefusedError):
        require_source("here", address, "here", ["https://s3.example:9000"])


def test_addresses_need_a_bucket() -> None:
    """A folder has none to give, which is said at the start."""
    settings = DistributionSettings(database_url=DATABASE, artifacts_presigned=True)
    assert settings.faults() == [
        "RINGRIFT_ARTIFACTS_PRESIGNED needs a bucket: RINGRIFT_ARTIFACTS_URL=s3://bucket/prefix"
    ]
