"""The swarm where it cannot bring a model: HTTP does, whatever is wrong."""

import hashlib
import random
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from services.distribution.agent.http_ranges import HttpRanges
from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder, Peer, SwarmOffer
from services.distribution.agent.swarm.session import Limits
from services.distribution.agent.swarm.torrent import Torrent, make_torrent
from services.distribution.agent.swarm.transport import Swarm

CONTENT = random.Random(3).randbytes(300_000)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
SERVICE = "http://service"
NOBODY = Peer(address="127.0.0.1", port=1)
STALL_SECONDS = 1.0


@pytest.fixture(scope="module")
def torrent(tmp_path_factory: pytest.TempPathFactory) -> Torrent:
    """Of the model."""
    path = tmp_path_factory.mktemp("artifacts") / DIGEST
    path.write_bytes(CONTENT)
    return make_torrent(path, DIGEST)


@pytest.fixture
async def client(torrent: Torrent) -> AsyncIterator[httpx.AsyncClient]:
    """Calls to a service that has the model and its torrent."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/torrent"):
            return httpx.Response(200, content=torrent.content)
        if request.url.path == "/v1/swarm/addresses":
            return httpx.Response(200, json={"addresses": ["127.0.0.1"]})
        return httpx.Response(206, stream=httpx.ByteStream(CONTENT))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        yield client


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


async def fetched(
    client: httpx.AsyncClient, folder: Path, port: int, offer: SwarmOffer
) -> tuple[FetchProgress, int | None]:
    """What was said of a transfer that brought the model, and where the node took part in the swarm."""
    limits = Limits("127.0.0.1", port, 10, 0, 0)
    swarm = Swarm(HttpRanges(client), client, SERVICE, folder / "swarm", limits, STALL_SECONDS)
    await swarm.start(())
    part = Part(folder / "parts" / f"{DIGEST}.part")
    order = ModelOrder(
        version=1, digest=DIGEST, size=len(CONTENT), source=f"{SERVICE}/v1/artifacts/{DIGEST}", swarm=offer
    )  # fmt: skip
    progress = FetchProgress(version=1, digest=DIGEST, size=len(CONTENT), bytes_done=0)
    await swarm.fetch(order, part, progress)
    assert part.finish() == DIGEST
    part.close()
    await swarm.close()
    return progress, swarm.port


async def test_nobody_has_a_byte(client: httpx.AsyncClient, torrent: Torrent, tmp_path: Path) -> None:
    """After a while without one HTTP takes over, and what the swarm left takes no room."""
    (tmp_path / "swarm").mkdir()
    (tmp_path / "swarm" / DIGEST).write_bytes(CONTENT[:100_000])
    progress, port = await fetched(
        client, tmp_path, 0, SwarmOffer(infohash=torrent.infohash, seed=NOBODY, peers=[NOBODY])
    )
    assert (progress.from_peers, progress.from_service, progress.bytes_done) == (0, len(CONTENT), len(CONTENT))
    assert port
    assert not (tmp_path / "swarm" / DIGEST).exists()


async def test_the_torrent_is_another(client: httpx.AsyncClient, tmp_path: Path) -> None:
    """One that has not the infohash of the order is not used."""
    with capture_logs() as said:
        progress, _ = await fetched(client, tmp_path, 0, SwarmOffer(infohash="0" * 64, seed=NOBODY, peers=[]))
    assert progress.from_service == len(CONTENT)
    assert "not the one that was ordered" in str(said)


async def test_the_port_is_taken(client: httpx.AsyncClient, torrent: Torrent, tmp_path: Path, taken_port: int) -> None:
    """The node takes no part, and says why."""
    offer = SwarmOffer(infohash=torrent.infohash, seed=NOBODY, peers=[])
    with capture_logs() as said:
        progress, port = await fetched(client, tmp_path, taken_port, offer)
    assert port is None
    assert progress.from_service == len(CONTENT)
    assert "cannot listen" in str(said)
