"""What a process takes from a connection: bytes, time, and readers that read. A real server on loopback, used byte by byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from local.ports import free_port
from shared.process.settings import BaseServiceSettings
from shared.web.application import Description, health_router, new_app, new_router
from shared.web.keys import OPERATE
from tests.kit import floods
from tests.kit.floods import CHUNK, Client, chunked, request
from tests.kit.http_server import serving_app
from tests.kit.waiting import async_until

MOST = 1 << 14
SECONDS = 1
router = new_router("things")
ended: list[str] = []


class Thing(BaseModel):
    """A body that the framework reads."""

    name: str = Field(max_length=1 << 20)


@router.post("/things", dependencies=[OPERATE])
async def make_thing(thing: Thing) -> int:
    """How long its name is."""
    return len(thing.name)


@router.post("/bytes", dependencies=[OPERATE])
async def take_bytes(request: Request) -> int:
    """How long a body is that the route reads itself."""
    return len(await request.body())


@router.get("/endless")
async def endless() -> StreamingResponse:
    """An answer without an end."""

    async def content() -> AsyncIterator[bytes]:
        try:
            while True:
                yield CHUNK
                await asyncio.sleep(0)
        finally:
            ended.append("endless")

    return StreamingResponse(content())


@router.get("/echo")
async def echo(text: Annotated[str, Field(max_length=10_000)] = "") -> str:
    """What was asked."""
    return text


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Nothing to start."""
    yield


@pytest.fixture
def url() -> Iterator[str]:
    """A served application with small limits."""
    ended.clear()
    settings = BaseServiceSettings(most_body_bytes=MOST, request_seconds=SECONDS, most_connections=50)
    app, port = (
        new_app(
            Description("T", "T.", {"things": "What there is."}), settings, lifespan, [health_router({}), router], {}
        ),
        free_port(),
    )
    with serving_app(app, port, settings):
        yield f"http://127.0.0.1:{port}"


def slug(answer: httpx.Response) -> str:
    """Which problem an answer is."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return str(answer.json()["type"].rpartition(":")[2])


@pytest.mark.parametrize("is_said", [True, False], ids=["Content-Length", "chunked"])
async def test_f59_a_body_has_a_most(url: str, is_said: bool) -> None:
    """All of its bytes count, whoever reads them; the longest is taken, and one more byte is not."""

    async def pieces(length: int) -> AsyncIterator[bytes]:
        yield b'{"name": "' + b"a" * (length - 12)
        yield b'"}'

    async with httpx.AsyncClient(trust_env=False) as client:
        for path, answer in (("/things", MOST - 12), ("/bytes", MOST)):
            headers = {"Content-Type": "application/json"}
            taken, refused = [
                await client.post(
                    url + path,
                    content=b"".join([each async for each in pieces(length)]) if is_said else pieces(length),
                    headers=headers,
                )
                for length in (MOST, MOST + 1)
            ]
            assert (taken.status_code, taken.json()) == (200, answer)
            assert (refused.status_code, slug(refused)) == (413, "content-too-large")
            assert refused.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /echo?text=" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (request("GET", "/echo", *[f"H{number}: a" for number in range(300)]), 431),
        (request("GET", "/echo", "H: " + "a" * 40_000), 431),
        (b"what is this?\r\n\r\n", 400),
    ],
)
async def test_f59_a_head_has_a_most(url: str, head: bytes, status: int) -> None:
    """An address, a header, and their number have their own status, as a problem, and the connection ends."""
    async with floods.client(url) as client, asyncio.timeout(10):
        await client.send(head)
        assert await client.status() == status
        assert b"urn:ringrift:problem:" in await client.rest()


async def test_f59_an_address_has_no_character_that_cannot_be_stored(url: str) -> None:
    """U+0000 in a path or a query is the caller's fault."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for path in ("/echo?text=a%00b", "/a%00b"):
            answer = await client.get(url + path)
            assert (answer.status_code, slug(answer)) == (422, "invalid-request")
        assert (await client.get(url + "/echo?text=a%2500b")).json() == "a%00b"


@pytest.mark.parametrize("path", ["/things", "/bytes", "/echo"])
async def test_f59_a_body_that_does_not_come_is_not_awaited(url: str, path: str) -> None:
    """Whoever would read it answers 408 in time, and a route that reads none answers and then ends the connection."""
    async with floods.client(url) as client, asyncio.timeout(10):
        head = request(
            "GET" if path == "/echo" else "POST", path, "Content-Length: 9", "Content-Type: application/json"
        )
        await client.send(head + b"{")
        assert await client.status() == (200 if path == "/echo" else 408)
        await client.rest()


async def _flood(client: Client, data: bytes) -> None:
    """Send for as long as anybody takes it."""
    await client.send_while_unanswered(data, 1 << 40)


@pytest.mark.parametrize("data", [chunked(b"a"), b"\r\n", b"X: " + b"a" * 8192], ids=["body", "lines", "trailers"])
async def test_f59_what_follows_an_answer_does_not_keep_a_connection(url: str, data: bytes) -> None:
    """A body that nobody reads, empty lines and trailers without an end are taken for a while and no longer."""
    async with floods.client(url) as client, asyncio.timeout(20):
        await client.send(request("GET", "/echo", "Transfer-Encoding: chunked"))
        await client.send(b"0\r\n" if data.startswith(b"X") else b"0\r\n\r\n" if data == b"\r\n" else data)
        assert await client.status() == 200
        await asyncio.gather(_flood(client, data))


async def test_f59_whoever_does_not_read_is_not_waited_for(url: str) -> None:
    """An answer of which nobody reads more than the beginning is given up, and what makes it ends."""

    async def is_over() -> bool:
        return bool(ended)

    async with floods.client(url) as client:
        await client.send(request("GET", "/endless"))
        assert await client.status() == 200
        await async_until(is_over, 20)


async def test_f59_a_stream_ends_with_its_reader(url: str) -> None:
    """Also when the reader had sent another request ahead before it went."""

    async def is_over() -> bool:
        return bool(ended)

    async with floods.client(url) as client:
        await client.send(request("GET", "/endless") + request("GET", "/echo"))
        assert await client.status() == 200
    await async_until(is_over, 0.9 * SECONDS)


async def test_f59_requests_sent_ahead_are_answered_up_to_a_number(url: str) -> None:
    """A few are answered in their order; the connection of a thousand ends."""
    async with floods.client(url) as client, asyncio.timeout(10):
        few = b"".join(request("GET", f"/echo?text={number}") for number in range(4))
        await client.send(few + request("GET", "/echo?text=4", "Connection: close"))
        answers = (await client.rest()).split(b"\r\n\r\n")[1:]
        assert [answer[:3] for answer in answers] == [b'"%d"' % number for number in range(5)]
    async with floods.client(url) as client, asyncio.timeout(10):
        await client.send(request("GET", "/echo") * 1000)
        assert (await client.rest()).count(b"HTTP/1.1 200") < 100


async def test_f59_a_connection_goes_on_after_a_request(url: str) -> None:
    """What is within the limits is answered on one connection, again and again, for longer than one request may take."""
    async with floods.client(url) as client, asyncio.timeout(20):
        started = asyncio.get_running_loop().time()
        while asyncio.get_running_loop().time() < started + 2 * SECONDS:
            await client.send(request("POST", "/bytes", "Content-Length: 3") + b"abc")
            assert await client.status() == 200
            await client.body()
