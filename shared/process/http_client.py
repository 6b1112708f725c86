"""How the processes of the suite call each other, and others, over HTTP: every client of theirs is made here.

Whoever answers may be broken, or an enemy. An answer may have so many bytes, unencoded, and a call may take so long; what goes
beyond that fails as if nobody had answered. Redirects are not followed, because the keys and the orders are for one address.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from shared.contract.trace import HEADER, PLACE
from shared.process.edge_keys import EdgeKeys
from shared.process.settings import BaseServiceSettings

CONNECT_SECONDS = 5.0
MOST_BYTES = 8 * 1024 * 1024
"""More than any answer has that is read as a whole; models are streamed."""
_BOUNDS = "ringrift.bounds"


class AnswerRefusedError(httpx.TransportError):
    """What came is larger than any answer may be, or encoded though that was not asked for."""


class Bounds(NamedTuple):
    """How many bytes an answer may have, None for a stream that its reader counts, and how many seconds a call may take, None for
    what is usual."""

    most_bytes: int | None
    seconds: float | None


class PeerClient(httpx.AsyncClient):
    """A client with bounds on every call. A call that is streamed has its time until the answer begins."""

    traced = True
    """Whether who is called is told the trace that the call belongs to."""

    def __init__(self, bounds: Bounds, **options: Any) -> None:
        """`options` are httpx's."""
        super().__init__(headers={"Accept-Encoding": "identity"}, follow_redirects=False, **options)
        self._bounds = bounds

    async def send(self, request: httpx.Request, *, stream: bool = False, **options: Any) -> httpx.Response:
        """The answer within its bounds; httpx.ReadTimeout or AnswerRefusedError beyond them."""
        most_bytes, seconds = request.extensions.get(_BOUNDS, self._bounds)
        if seconds is None:
            seconds = self._bounds.seconds
        else:
            _wait_for(request, seconds)
        if self.traced and (place := PLACE.get()) is not None:
            request.headers.setdefault(HEADER, place)
        try:
            async with asyncio.timeout(seconds):
                answer = await super().send(request, stream=True, **options)
                try:
                    await _take(answer, most_bytes, read=not stream)
                except BaseException:
                    await answer.aclose()
                    raise
                return answer
        except TimeoutError:
            raise httpx.ReadTimeout(f"the answer was not complete after {seconds:g} s", request=request) from None


def _wait_for(request: httpx.Request, seconds: float) -> None:
    """Have httpx not give up sooner than the call may take."""
    limits = request.extensions.get("timeout", {})
    if (usual := limits.get("read")) is not None and usual < seconds:
        request.extensions["timeout"] = {**limits, "read": seconds}


class OutsideClient(PeerClient):
    """One that tells others nothing of the suite's traces."""

    traced = False


def bounded(most_bytes: int | None = MOST_BYTES, *, seconds: float | None = None) -> dict[str, Any]:
    """The bounds of one call, as `extensions` of its request."""
    return {_BOUNDS: Bounds(most_bytes, seconds)}


def new_client(settings: BaseServiceSettings) -> PeerClient:
    """A client for calls to the suite's other processes, with the key of each."""
    seconds = settings.http_seconds
    return PeerClient(
        Bounds(MOST_BYTES, seconds),
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        auth=EdgeKeys(settings.edges),
        verify=_tls(settings),
        trust_env=settings.http_proxy_from_environment,
    )


def new_outside_client(settings: BaseServiceSettings) -> OutsideClient:
    """A client for calls to others than the suite's processes: without keys, and by the authorities that everybody trusts too."""
    seconds = settings.http_seconds
    return OutsideClient(
        Bounds(MOST_BYTES, seconds),
        timeout=httpx.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        verify=_everybody(settings.http_ca),
        trust_env=settings.http_proxy_from_environment,
    )


def _tls(settings: BaseServiceSettings) -> ssl.SSLContext:
    """The one authority that is named, or whom everybody trusts; and this process's own certificate, if it has one to show."""
    if settings.http_ca is None and settings.http_certificate is None:
        return _everybody()
    context = (
        _everybody.__wrapped__() if settings.http_ca is None else ssl.create_default_context(cafile=settings.http_ca)
    )
    if settings.http_certificate is not None:
        context.load_cert_chain(settings.http_certificate, settings.http_key)
    return context


@cache
def _everybody(more: Path | None = None) -> ssl.SSLContext:
    """All authorities that httpx brings and the system knows, and those of one more file; made once, because it takes a while."""
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    if more is not None:
        context.load_verify_locations(cafile=more)
    return context


async def _take(answer: httpx.Response, most_bytes: int | None, read: bool) -> None:
    """Refuse what is encoded or too large, now or while it is read."""
    encoding = answer.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise AnswerRefusedError(f"the answer is encoded ({encoding[:50]})", request=answer.request)
    if most_bytes is not None:
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        answer.stream = _Counted(answer.stream, most_bytes, answer.request)
    if read:
        await answer.aread()


class _Counted(httpx.AsyncByteStream):
    """A stream that ends with AnswerRefusedError when it gives more than so many bytes."""

    def __init__(self, stream: httpx.AsyncByteStream, most_bytes: int, request: httpx.Request) -> None:
        self._stream, self._most_bytes, self._request = stream, most_bytes, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._most_bytes
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise AnswerRefusedError(f"the answer has more than {self._most_bytes} bytes", request=self._request)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
