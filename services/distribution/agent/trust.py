"""What a node believes of the pointer: what the promotion service signed, under a root that somebody put on this machine.

So neither a peer, nor the bus, nor the distribution service alone can make the node load other bytes, or older ones. The metadata
is fetched through the distribution service, and verified as TUF has it. Needs the extra `trust`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path

import httpx
from tuf.api.exceptions import DownloadError, DownloadHTTPError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import FetcherInterface, Updater

from services.distribution.agent.service import NotProvenError
from shared.contract.pointer_metadata import pointed_by
from shared.contract.signed_pointer import Pointed
from shared.process.http_client import bounded
from shared.process.logs import get_logger
from shared.process.repeated import RepeatedLog

LOOK_SECONDS, AGAIN_SECONDS = 60.0, 5.0
"""From one reading to the next, and after one that failed."""
MOST_BYTES, SECONDS = 5_000_000, 10.0
"""Of one file of metadata, and for it."""
_log = get_logger(__name__)


class PointerTrust:
    """`folder`: what was verified last, which is never stepped back from; `root`: who is trusted; `url`: of the service."""

    def __init__(self, folder: Path, root: bytes, url: str, client: httpx.AsyncClient) -> None:
        self._folder, self._root, self._url = folder, root, f"{url.rstrip('/')}/v1/signed-pointer"
        self._client, self._refreshing = client, asyncio.Lock()
        self._trouble: str | None = None

    async def require(self, wanted: Pointed) -> None:
        """NotProvenError unless the pointer, as it is signed now, names just that."""
        found = await self._read(wanted.configuration)
        if found is None:
            raise NotProvenError(f"the signed pointer names no version of {wanted.configuration}")
        if found != wanted:
            raise NotProvenError(f"the signed pointer names {found}, and the order is for {wanted}")

    async def follow(self) -> None:
        """Read it for ever, so that it is said when it cannot be believed any more."""
        said = RepeatedLog(_log, "the signed pointer")
        while True:
            try:
                await self._read("")
            except NotProvenError as error:
                said.failed(error)
            else:
                said.worked()
            await asyncio.sleep(AGAIN_SECONDS if self._trouble else LOOK_SECONDS)

    async def check(self) -> None:
        """NotProvenError if it could not be believed when it was read last."""
        if self._trouble is not None:
            raise NotProvenError(self._trouble)

    async def _read(self, configuration: str) -> Pointed | None:
        try:
            found = await self._verified_anew(configuration)
        except NotProvenError as error:
            self._trouble = str(error)
            raise
        self._trouble = None
        return found

    async def _verified_anew(self, configuration: str) -> Pointed | None:
        fetcher = _Fetcher(self._client, asyncio.get_running_loop())
        async with self._refreshing:
            try:
                return await asyncio.to_thread(self._verified, configuration, fetcher)
            except ExpiredMetadataError as error:
                raise NotProvenError(
                    f"the signed pointer has expired ({error}): nobody signs it any more, or this machine's clock is wrong"
                ) from None
            except DownloadError as error:
                raise NotProvenError(
                    f"the signed pointer cannot be fetched: {error.__cause__ or error}"[:300]
                ) from None
            except (RepositoryError, ValueError, OSError) as error:
                raise NotProvenError(f"the signed pointer is not believed: {error}"[:300]) from None

    def _verified(self, configuration: str, fetcher: FetcherInterface) -> Pointed | None:
        self._folder.mkdir(parents=True, exist_ok=True)
        updater = Updater(str(self._folder), self._url, fetcher=fetcher, bootstrap=self._root)
        updater.refresh()
        target = updater.get_targetinfo(configuration) if configuration else None
        return pointed_by(configuration, target) if target is not None else None


class _Fetcher(FetcherInterface):
    """Fetches by the agent's own client, from the thread in which the metadata is verified."""

    def __init__(self, client: httpx.AsyncClient, loop: asyncio.AbstractEventLoop) -> None:
        self._client, self._loop = client, loop

    def _fetch(self, url: str) -> Iterator[bytes]:
        asked = self._client.get(url, extensions=bounded(MOST_BYTES, seconds=SECONDS))
        answer = asyncio.run_coroutine_threadsafe(_awaited(asked), self._loop).result()
        if answer.status_code != 200:
            raise DownloadHTTPError(f"GET {url} answered {answer.status_code}", answer.status_code)
        return iter((answer.content,))


async def _awaited(asked: Awaitable[httpx.Response]) -> httpx.Response:
    return await asked
