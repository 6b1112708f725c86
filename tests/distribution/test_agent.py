"""The agent of one node: what it takes, what it refuses, what it says is on its disk."""

import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.distribution.agent.app import create_app
from services.distribution.agent.settings import AgentSettings
from shared.storage.files import CHUNK
from tests.distribution.source import Source
from tests.kit.waiting import async_until

FIRST, SECOND = b"first" * 300_000, b"second" * 300_000


@dataclass
class Agent:
    """An agent, and the service that it fetches from."""

    client: httpx.AsyncClient
    source: Source
    folder: Path

    @property
    def file(self) -> Path:
        """The canonical file."""
        return self.folder / "models" / "canonical_hex8_2p.pth"

    async def order(self, version: int, content: bytes, key: str = "hex8_2p", changed: Any = None) -> httpx.Response:
        """Tell it to hold these bytes, which the service has."""
        digest = hashlib.sha256(content).hexdigest()
        self.source.files.setdefault(digest, content)
        source = f"{self.source.url}/v1/artifacts/{digest}"
        body = {"version": version, "digest": digest, "size": len(content), "source": source} | (changed or {})
        return await self.client.put(f"/v1/models/{key}", json=body)

    async def report(self) -> Any:
        """What it says of itself."""
        return (await self.client.get("/v1/models")).json()

    async def until(self, wanted: str) -> Any:
        """Its report, once there is no transfer any more (`held`) or the transfer has failed (`failed`)."""

        async def there() -> Any:
            report = await self.report()
            fetch = report["fetches"].get("hex8_2p")
            reached = fetch is None if wanted == "held" else fetch and fetch["error"]
            return (report, fetch) if reached else None

        report, fetch = await async_until(there, 20)
        return report["models"].get("hex8_2p") if wanted == "held" else fetch


@pytest.fixture
def source() -> Iterator[Source]:
    """The service's artifacts."""
    with Source().serving() as source:
        yield source


@pytest.fixture
async def agent(tmp_path: Path, source: Source) -> AsyncIterator[Agent]:
    """A running agent."""
    app = create_app(
        AgentSettings(
            agent_node="node-1", agent_dir=tmp_path / "node", distribution_url=source.url, agent_transport="http"
        )
    )
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://node") as client,
    ):
        yield Agent(client, source, tmp_path / "node")


async def test_it_fetches_and_holds_a_model(agent: Agent) -> None:
    """An order is answered at once, and carried out; the same order again is answered `held`."""
    assert (await agent.order(1, FIRST)).status_code == 202
    held = await agent.until("held")
    assert (held["version"], held["digest"]) == (1, hashlib.sha256(FIRST).hexdigest())
    assert agent.file.read_bytes() == FIRST
    assert (await agent.order(1, FIRST)).json()["state"] == "held"


async def test_g01_bytes_with_another_digest_are_never_published(agent: Agent) -> None:
    """What arrives is not what was ordered, of the same length: the former model stays, the reason is told."""
    await agent.order(1, FIRST)
    await agent.until("held")
    agent.source.files[hashlib.sha256(SECOND).hexdigest()] = bytes(len(SECOND))
    await agent.order(2, SECOND)
    failed = await agent.until("failed")
    assert "have digest" in failed["error"]
    assert agent.file.read_bytes() == FIRST
    assert (await agent.report())["models"]["hex8_2p"]["version"] == 1
    agent.source.files[hashlib.sha256(SECOND).hexdigest()] = SECOND
    await agent.order(2, SECOND)
    await agent.until("held")
    assert agent.file.read_bytes() == SECOND


async def test_g10_a_lower_version_is_refused(agent: Agent) -> None:
    """A node never steps down, neither to a lower version nor to other bytes under the same one."""
    await agent.order(2, SECOND)
    await agent.until("held")
    for version in (1, 2):
        refused = await agent.order(version, FIRST)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:ringrift:problem:version-refused")
    assert agent.file.read_bytes() == SECOND
    assert (await agent.order(3, FIRST)).status_code == 202


async def test_g10_older_bytes_come_back_under_a_higher_version(agent: Agent) -> None:
    """A rollback arrives as a higher version; bytes that are on the disk already are not fetched again."""
    await agent.order(1, FIRST)
    await agent.until("held")
    fetched = len(agent.source.ranges)
    assert (await agent.order(2, FIRST)).json()["state"] == "held"
    assert (await agent.report())["models"]["hex8_2p"]["version"] == 2
    assert len(agent.source.ranges) == fetched


async def test_g11_a_file_that_was_changed_is_not_reported(agent: Agent) -> None:
    """The report is of the bytes on the disk: damage shows, and the next order mends it."""
    await agent.order(1, FIRST)
    await agent.until("held")
    before = agent.file.stat()
    agent.file.write_bytes(bytes(len(FIRST)))
    os.utime(agent.file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert "hex8_2p" not in (await agent.report())["models"]
    assert (await agent.order(1, FIRST)).status_code == 202
    await agent.until("held")
    assert agent.file.read_bytes() == FIRST


async def test_a_broken_transfer_is_resumed(agent: Agent) -> None:
    """What arrived is not asked for again, but for less than a chunk."""
    agent.source.break_after = CHUNK + 1000
    await agent.order(1, FIRST)
    await agent.until("failed")
    await agent.order(1, FIRST)
    await agent.until("held")
    assert agent.source.ranges == ["bytes=0-", f"bytes={CHUNK}-"]
    assert agent.file.read_bytes() == FIRST


async def test_g16_space_is_asked_for_before_the_first_byte(agent: Agent) -> None:
    """A model that cannot fit is not begun; the text has the bytes that are missing."""
    await agent.order(1, FIRST, changed={"size": 1 << 44})
    failed = await agent.until("failed")
    assert f"{1 << 44}"[:3] in failed["error"]
    assert "are needed" in failed["error"]
    assert agent.source.ranges == []


@pytest.mark.parametrize("key", ["..", "..%2f..%2fetc", "hex8_9p", "hex8", "HEX8_2p", "x" * 5000])
async def test_no_other_path_can_be_named(agent: Agent, key: str) -> None:
    """What is no configuration is refused as a problem, and nothing is written."""
    refused = await agent.order(1, FIRST, key=key)
    assert refused.status_code in (404, 405, 422)
    assert refused.headers["content-type"] == "application/problem+json"
    assert not list((agent.folder / "models").iterdir())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"source": "http://169.254.169.254/secret"}, "fetched from"),
        ({"digest": "../../etc/passwd"}, "body.digest"),
        ({"version": 0}, "body.version"),
        ({"size": 1 << 60}, "body.size"),
        ({"colour": "red"}, "body.colour"),
    ],
)
async def test_a_bad_order_is_refused(agent: Agent, changed: dict[str, Any], named: str) -> None:
    """The problem names what is wrong; nothing is fetched."""
    refused = await agent.order(1, FIRST, changed=changed)
    assert refused.status_code == 422
    assert named in refused.json()["detail"]
    assert agent.source.ranges == []
