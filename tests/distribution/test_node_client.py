"""Speaking to an agent over HTTP: which answers are the node's fault, and which are not."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from services.distribution.daemon import NodeFaultError, RefusedError
from services.distribution.delivery import Head
from services.distribution.node import Fetch, Held, Node, Report
from services.distribution.node_client import AgentClient
from shared.storage.artifact_folder import ArtifactFolder

NODE = Node("node-1", "http://node-1:8780")
REPORT = {
    "node": "node-1",
    "models": {"hex8_2p": {"version": 2, "digest": "b" * 64, "size": 9}},
    "fetches": {"hex8_2p": {"version": 3, "digest": "a" * 64, "size": 10, "bytes_done": 4, "error": "disk full"}},
}
Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, folder: Path) -> AgentClient:
    """A client whose requests `handler` answers."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(handler))
    return AgentClient(http, ArtifactFolder(folder / "artifacts"), "http://here:8772/")


def taken_in(folder: Path) -> Head:
    """A version whose bytes are in the store."""
    (folder / "a.pth").write_bytes(b"first")
    artifact = ArtifactFolder(folder / "artifacts").take_in(folder / "a.pth")
    return Head("hex8_2p", 3, artifact.digest, artifact.size)


async def test_a_report_is_read_as_it_is(tmp_path: Path) -> None:
    """Models and transfers, by configuration, and the name that the agent gives itself."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return httpx.Response(200, json=REPORT)

    assert await client(answer, tmp_path).report(NODE) == Report(
        "node-1", {"hex8_2p": Held(2, "b" * 64, 9)}, {"hex8_2p": Fetch(3, "a" * 64, 4, "disk full")}
    )
    assert asked == ["GET http://node-1:8780/v1/models"]


async def test_an_order_names_the_version_and_where_its_bytes_are(tmp_path: Path) -> None:
    """The source is this service's artifact route, by digest."""
    head, sent = taken_in(tmp_path), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(202, json={})

    await client(answer, tmp_path).order(NODE, head)
    [request] = sent
    assert (request.method, str(request.url)) == ("PUT", "http://node-1:8780/v1/models/hex8_2p")
    source = f"http://here:8772/v1/artifacts/{head.digest}"
    expected = {"version": 3, "digest": head.digest, "size": 5, "source": source}
    assert request.read() == httpx.Request("PUT", "http://x", json=expected).read()


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_g13_a_broken_node_counts_against_it(tmp_path: Path, status: int) -> None:
    """It says that it is broken: the text has its status and the beginning of its answer."""
    with pytest.raises(NodeFaultError, match=f"GET http://node-1:8780/v1/models answered {status}: out of order"):
        await client(lambda _: httpx.Response(status, text="out of order"), tmp_path).report(NODE)


async def test_g13_a_node_that_cannot_be_reached_counts_against_it(tmp_path: Path) -> None:
    """No connection, or one that breaks."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with pytest.raises(NodeFaultError, match="ConnectError.*connection refused"):
        await client(refuse, tmp_path).report(NODE)


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b'{"node": "node-1", "models": [], "fetches": {}}'])
async def test_g13_what_is_no_report_counts_against_it(tmp_path: Path, content: bytes) -> None:
    """Something else answers at that address."""
    with pytest.raises(NodeFaultError, match="http://node-1:8780 answered no report of an agent"):
        await client(lambda _: httpx.Response(200, content=content), tmp_path).report(NODE)


@pytest.mark.parametrize(
    "changed",
    [
        {"models": {"hex8_2p": {"version": 1 << 40, "digest": "b" * 64, "size": 9}}},
        {"models": {f"hex8_{number}p": REPORT["models"] for number in range(200)}},
        {"node": "a" * 1000},
        {"fetches": {"hex8_2p": {"version": 3, "digest": "a" * 64, "size": 10, "bytes_done": 4, "error": "a\0b"}}},
        {"fetches": {"hex8_2p": {"version": 3, "digest": "a" * 64, "size": 10, "bytes_done": 4, "error": "a" * 9000}}},
    ],
)
async def test_f59_a_report_without_bounds_counts_against_it(tmp_path: Path, changed: dict[str, object]) -> None:
    """What no agent says, and nobody could keep, is a fault of the node."""
    with pytest.raises(NodeFaultError, match="http://node-1:8780 answered no report of an agent"):
        await client(lambda _: httpx.Response(200, json=REPORT | changed), tmp_path).report(NODE)


@pytest.mark.parametrize("status", [409, 500])
async def test_f59_what_a_node_says_can_be_stored(tmp_path: Path, status: int) -> None:
    """The text of a refusal or a fault is cut, and has no U+0000 that would keep it from being recorded."""
    with pytest.raises((NodeFaultError, RefusedError)) as error:
        await client(lambda _: httpx.Response(status, content=b"a\0b" * 10_000), tmp_path).report(NODE)
    assert "\0" not in str(error.value)
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("status", [302, 401, 409, 422])
async def test_g13_a_refusal_does_not_count_against_it(tmp_path: Path, status: int) -> None:
    """The order was understood and refused; its text is kept."""
    head = taken_in(tmp_path)
    with pytest.raises(RefusedError, match=f"answered {status}: only a higher one"):
        await client(lambda _: httpx.Response(status, text="only a higher one"), tmp_path).order(NODE, head)


async def test_g13_our_own_missing_artifact_does_not_count_against_it(tmp_path: Path) -> None:
    """The node is not even asked."""

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("the node was asked")

    with pytest.raises(
        RefusedError, match=f"the artifact store has no undamaged copy of {'0' * 64}; take the file in again"
    ):
        await client(never, tmp_path).order(NODE, Head("hex8_2p", 1, "0" * 64, 5))
