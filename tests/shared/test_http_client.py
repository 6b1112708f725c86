"""The client with which processes call each other: what it takes, what it refuses, and by which way it goes."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx
import pytest

from shared.process.http_client import bounded, new_client
from shared.process.settings import ServiceSettings
from tests.kit.hostile import ANSWERS, hostile
from tests.kit.http_server import serving

URL = "postgresql://u:p@127.0.0.1/db"
SAYS = {
    "gzip-bomb": "the answer is encoded (gzip)",
    "endless": "the answer has more than 8388608 bytes",
    "slow-body": "the answer was not complete after 2 s",
    "slow-head": "the answer was not complete after 2 s",
}


@contextmanager
def plain(
    status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server with one answer; yields its address and the Accept-Encoding of each request."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        """The one verb."""

        def do_GET(self) -> None:
            """Answer."""
            asked.append(self.headers["Accept-Encoding"])
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with serving(Handler) as url:
        yield url, asked


@pytest.mark.parametrize("kind", ANSWERS)
async def test_f59_hostile_answers_fail_as_if_nobody_had_answered(kind: str) -> None:
    """Each fails in time, with words, as the errors that callers already take for a peer that is away."""
    with hostile(kind) as url:
        started = time.monotonic()
        async with new_client(ServiceSettings(database_url=URL, http_seconds=2)) as client:
            with pytest.raises(httpx.TransportError) as failed:
                await client.get(url)
    assert SAYS[kind] in str(failed.value)
    assert time.monotonic() - started < 5


async def test_f59_answers_have_the_bounds_of_their_call() -> None:
    """Exactly so many bytes are taken and one more is refused; a stream that its reader counts is not counted here."""
    with plain(body=b"x" * 1000) as (url, asked):
        async with new_client(ServiceSettings(database_url=URL)) as client:
            assert len((await client.get(url, extensions=bounded(1000))).content) == 1000
            with pytest.raises(httpx.TransportError, match="more than 999 bytes"):
                await client.get(url, extensions=bounded(999))
            async with client.stream("GET", url, extensions=bounded(None)) as answer:
                assert [len(chunk) async for chunk in answer.aiter_raw()] == [1000]
    assert set(asked) == {"identity"}


async def test_a_call_may_take_longer_than_is_usual() -> None:
    """Who gives it more time is not cut short by a silence of what is usual."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1000):
            pass
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1")
    async with server, new_client(ServiceSettings(database_url=URL, http_seconds=1)) as client:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(httpx.ReadTimeout, match="not complete after 2 s"):
            await client.get(url, extensions=bounded(seconds=2))


async def test_f19_proxy_variables_are_ignored_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names a proxy that is dead: only whoever was told to go through it fails."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with plain() as (url, _):
        async with new_client(ServiceSettings(database_url=URL)) as client:
            assert (await client.get(url)).status_code == 200
        told = ServiceSettings(database_url=URL, http_proxy_from_environment=True)
        async with new_client(told) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(url)


async def test_a_redirect_is_not_followed() -> None:
    """What is asked of one address goes to no other."""
    with plain(302, headers={"Location": "http://127.0.0.1:9/"}) as (url, asked):
        async with new_client(ServiceSettings(database_url=URL)) as client:
            assert (await client.get(url)).status_code == 302
    assert len(asked) == 1


@pytest.mark.parametrize("url", ["ftp://h/x", "http://", "http://u:p@h/x", "http://h/x?y=1", "http://h:x/"])
def test_f69_an_address_that_cannot_be_joined_is_refused(url: str) -> None:
    """Only http or https with a host and a path can be one of the suite's."""
    with pytest.raises(ValueError, match="is no address of a service"):
        ServiceSettings(database_url=URL, promotion_url=url)


def test_f69_an_address_keeps_its_path() -> None:
    """A slash at its end makes no difference."""
    settings = ServiceSettings(database_url=URL, promotion_url="https://h/ringrift/promotion/")
    assert settings.promotion_url == "https://h/ringrift/promotion"
