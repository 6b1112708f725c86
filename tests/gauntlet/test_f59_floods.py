"""A service under floods: each is refused with its status, memory stays where it was, and `/livez` answers meanwhile."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from local.ports import free_port
from local.process import Process
from tests.kit import floods
from tests.kit.floods import MB
from tests.kit.processes import suite_process
from tests.kit.waiting import async_until

ASK = "/v1/evaluations"
SECONDS = 2
GROWTH = 60 * MB
STREAMS = 200
MODEL = Path(__file__).resolve().parents[2] / "models" / "demo" / "hex8_2p_untrained.pth"
"""No promotion service names a policy, so that its evaluation waits, and its streams with it."""


class Service:
    """The gauntlet service as a process of its own."""

    def __init__(self, process: Process, url: str) -> None:
        self.process, self.url = process, url

    @property
    def resident(self) -> int:
        """Its memory in bytes."""
        assert self.process.pid is not None
        return floods.resident_bytes(self.process.pid)

    async def get(self, path: str) -> int:
        """A GET's status on a connection of its own."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return (await client.get(self.url + path)).status_code

    @asynccontextmanager
    async def unmoved(self) -> AsyncIterator[None]:
        """While the block lasts, `/livez` answers again and again; after it, memory is where it was."""
        await floods.bodies(self.url, ASK, count=4)
        before, lives = self.resident, asyncio.create_task(self._living())
        try:
            yield
            assert not lives.done(), await lives
        finally:
            lives.cancel()
        grown = self.resident - before
        assert grown < GROWTH, f"{grown / MB:.0f} MB more"

    async def _living(self) -> int:
        status = 200
        while status == 200:
            status = await self.get("/livez")
        return status


@pytest.fixture
def service(database_url: str, nats_url: str, tmp_path: Path) -> Iterator[Service]:
    """A running service whose clients have two seconds for a request."""
    port = free_port()
    settings = {
        "DATABASE_URL": database_url,
        "NATS_URL": nats_url,
        "GAUNTLET_PORT": str(port),
        "ARTIFACTS_DIR": str(tmp_path / "artifacts"),
        "MODELS_DIR": str(tmp_path),
        "REQUEST_SECONDS": str(SECONDS),
        "MOST_STREAMS": str(STREAMS),
    }
    shutil.copy(MODEL, tmp_path)
    url = f"http://127.0.0.1:{port}"
    with suite_process("gauntlet", "services.gauntlet", settings, tmp_path) as process:
        process.wait_for_http(f"{url}/livez")
        yield Service(process, url)


async def test_f59_floods_are_refused_and_leave_memory_where_it_was(service: Service) -> None:
    """A hundred at once of what is too large, or never finished, get their status while the service answers others."""
    async with asyncio.timeout(60):
        async with service.unmoved():
            assert set(await floods.bodies(service.url, ASK)) == {413}
        async with service.unmoved():
            assert set(await floods.headers(service.url)) == {431}
        async with service.unmoved():
            assert set(await floods.half_sent(service.url, ASK)) == {408}


async def test_f59_half_sent_requests_do_not_stay_open(service: Service) -> None:
    """Five hundred requests that stop in their first line are ended after the time for a request."""
    async with service.unmoved(), floods.many(service.url, 500, b"POST /v1/evaluations HTTP/1.1\r\nHost:") as clients:
        async with asyncio.timeout(20):
            ended = [await each.rest() for each in clients]
    assert all(answer.startswith(b"HTTP/1.1 408 ") for answer in ended)


async def test_f59_connections_beyond_the_most_are_told_so(service: Service) -> None:
    """With five hundred connections open, one more gets a 503 that says when to ask again, while the service says that it lives."""
    async with service.unmoved(), floods.many(service.url, 500) as clients:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(service.url + ASK)
        problem = answer.json()["type"].rpartition(":")[2]
        assert (answer.status_code, problem) == (503, "too-many-connections")
        assert answer.headers["retry-after"]
        async with asyncio.timeout(20):
            assert [await each.rest() for each in clients] == [b""] * 500
    assert await service.get(ASK) == 200


async def test_f59_streams_beyond_the_most_are_told_so(service: Service) -> None:
    """Of two hundred open streams none costs much, one more gets a 503, and when their readers have gone there is room again."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        asked = {"board_type": "hex8", "num_players": 2, "model_path": MODEL.name}
        evaluation = (await client.post(service.url + ASK, json=asked)).json()
        path = f"{ASK}/{evaluation['id']}/progress"
        async with service.unmoved(), floods.many(service.url, STREAMS, floods.request("GET", path)) as clients:
            assert {await each.status() for each in clients} == {200}
            refused = await client.get(service.url + path)
            problem = refused.json()["type"].rpartition(":")[2]
            assert (refused.status_code, problem, refused.headers["retry-after"]) == (503, "too-many-streams", "10")

        async def is_let_in() -> bool:
            async with client.stream("GET", service.url + path) as again:
                return again.status_code == 200

        assert await async_until(is_let_in)
