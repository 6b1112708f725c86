"""The signed pointer as the promotion service signs it, for nodes, which know this service alone. It judges nothing of it.

Files that never change are asked for once; the others at most once in a while, however many nodes ask, and what was read last is
given on while the promotion service is away.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

import httpx

from services.distribution.errors import UnknownError
from shared.contract.signed_pointer import TIMESTAMP
from shared.process.http_client import bounded
from shared.storage.unusable import UnusableServerError

MOST_FILES, MOST_BYTES = 200, 5_000_000
AGAIN_SECONDS = 1.0
"""After so long a file that may have changed, or may be there by now, is asked for again."""


class PointerAwayError(UnusableServerError):
    """The promotion service does not answer, and has not told the file before."""


class _Read(NamedTuple):
    """`content`: None if there was no such file. `at`: in seconds of the clock."""

    content: bytes | None
    at: float


class PointerMirror:
    """`url`: the promotion service; `clock`: seconds, from any beginning."""

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._url, self._clock = client, f"{url.rstrip('/')}/v1/signed-pointer", clock
        self._read: OrderedDict[str, _Read] = OrderedDict()
        self._asking = asyncio.Lock()

    async def file(self, name: str) -> bytes:
        """A file of the metadata by its name. UnknownError, PointerAwayError."""
        async with self._asking:
            known = self._read.get(name)
            if known is None or not self._is_good(name, known):
                known = await self._asked(name, known)
        if known.content is None:
            raise UnknownError(f"the promotion service signs no {name}")
        return known.content

    def _is_good(self, name: str, known: _Read) -> bool:
        never_changes = known.content is not None and name != TIMESTAMP
        return never_changes or self._clock() - known.at < AGAIN_SECONDS

    async def _asked(self, name: str, known: _Read | None) -> _Read:
        try:
            answer = await self._client.get(f"{self._url}/{name}", extensions=bounded(MOST_BYTES))
            if answer.status_code != 404:
                answer.raise_for_status()
        except httpx.HTTPError as error:
            if known is not None:
                return known
            raise PointerAwayError(f"{self._url}: {error!r}"[:300]) from None
        read = _Read(None if answer.status_code == 404 else answer.content, self._clock())
        self._read[name] = read
        self._read.move_to_end(name)
        if len(self._read) > MOST_FILES:
            self._read.popitem(last=False)
        return read
