"""Floods for a process of the suite: many clients at once that send too much, send half, or read nothing.

What they send is made while it is sent and never held, and each answer is its status, 0 where the connection ended without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHUNK = b" " * 65536
MB = 1_000_000
Flood = Callable[[str, str], Coroutine[Any, Any, list[int]]]


class Client:
    """One connection, of which each byte is up to the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes; what nobody takes any more is dropped."""
        with suppress(OSError):
            self._writer.write(data)
            await self._writer.drain()

    async def status(self) -> int:
        """The status of the next answer; 0 if the connection ends without one."""
        try:
            line = await self._reader.readline()
        except OSError:
            return 0
        return int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else 0

    async def body(self) -> bytes:
        """The rest of an answer that says how long it is."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        return await self._reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))

    async def rest(self) -> bytes:
        """All that comes until the connection ends."""
        with suppress(OSError):
            return await self._reader.read()
        return b""

    async def send_while_unanswered(self, data: bytes, size: int, frame: Callable[[bytes], bytes] = bytes) -> int:
        """Send `data` again and again until there are `size` bytes or an answer; returns its status."""
        answer = asyncio.create_task(self.status())
        for _ in range(0, size, len(data)):
            if answer.done():
                break
            await self.send(frame(data))
            await asyncio.sleep(0)
        return await answer


@asynccontextmanager
async def client(url: str) -> AsyncIterator[Client]:
    """A connection to a process, while the block lasts."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()


def request(method: str, path: str, *headers: str) -> bytes:
    """The head of a request."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: suite", *headers, "", ""]).encode()


def chunked(data: bytes) -> bytes:
    """Some of a body whose length nobody knows."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def bodies(url: str, path: str, count: int = 100, size: int = 100 * MB) -> list[int]:
    """Bodies that are too large, every other one without saying how large."""

    async def send(number: int) -> int:
        async with client(url) as to:
            said = f"Content-Length: {size}" if number % 2 else "Transfer-Encoding: chunked"
            await to.send(request("POST", path, "Content-Type: application/json", said))
            return await to.send_while_unanswered(CHUNK, size, bytes if number % 2 else chunked)

    return await asyncio.gather(*(send(number) for number in range(count)))


async def headers(url: str, _path: str = "", count: int = 100, size: int = MB) -> list[int]:
    """Headers that are too large: every other one a single one, the others many."""

    async def send(number: int) -> int:
        async with client(url) as to:
            await to.send(request("GET", "/livez")[:-2] + (b"X-Long: " if number % 2 else b""))
            return await to.send_while_unanswered(b"a" * 8192 if number % 2 else b"X-Header: a\r\n" * 512, size)

    return await asyncio.gather(*(send(number) for number in range(count)))


async def half_sent(url: str, path: str, count: int = 100) -> list[int]:
    """Requests that are never finished: every other one in its headers, the others in their bodies."""

    async def send(number: int) -> int:
        async with client(url) as to:
            head = request("POST", path, "Content-Type: application/json", "Content-Length: 100")
            await to.send(head[:-8] if number % 2 else head + b"{")
            status = await to.status()
            await to.rest()
            return status

    return await asyncio.gather(*(send(number) for number in range(count)))


ALL: dict[str, Flood] = {"bodies of 100 MB": bodies, "headers of 1 MB": headers, "half-sent requests": half_sent}
"""A hundred clients at once, each: of an address, and a path to which it takes bodies."""


@asynccontextmanager
async def many(url: str, count: int, first: bytes = b"") -> AsyncIterator[list[Client]]:
    """So many connections that stay open while the block lasts, each with what it sent first."""
    opened = [client(url) for _ in range(count)]
    clients = await asyncio.gather(*(each.__aenter__() for each in opened))
    try:
        for each in clients:
            await each.send(first)
        yield list(clients)
    finally:
        for connection in opened:
            await connection.__aexit__(None, None, None)


def resident_bytes(pid: int, what: str = "VmRSS") -> int:
    """Memory of a process, as the kernel counts it; `VmHWM` is the most that it ever had."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))
