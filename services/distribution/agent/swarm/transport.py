"""The swarm as a transport: pieces from other nodes and from the service, and ranges over HTTP where that does not get on.

Files stay under `swarm/` by digest. A published one is another name of the same bytes there, so that the node goes on giving them
to others, after a restart too; it is never written again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import httpx
import libtorrent as lt

from services.distribution.agent.http_ranges import SLOWEST_BYTES_PER_SECOND, HttpRanges
from services.distribution.agent.part import Part
from services.distribution.agent.schemas import FetchProgress, ModelOrder, SwarmOffer
from services.distribution.agent.swarm.session import Limits, Sharing, SwarmError, SwarmSession
from services.distribution.agent.swarm.torrent import MOST_BYTES, TorrentError, read_torrent
from shared.process.http_client import bounded
from shared.process.logs import get_logger
from shared.storage.files import write_atomically

LOOK_SECONDS, REFRESH_SECONDS = 0.1, 3.0
"""Between two looks at a transfer, and from one question whom to speak with to the next."""
KEPT_SECONDS = 3600.0
"""For how long what an earlier transfer left is kept."""
OWN_SLICE, OTHERS = 7, 1
"""Priorities of pieces: each node begins with other ones, so that the service sends each byte to few."""
MOST_ADDRESSES_BYTES = 1024 * 1024
_TORRENT = ".torrent"
_log = get_logger(__name__)


class Swarm:
    """As `Transport`. `base_url`: of the distribution service; `stall_seconds`: without a new byte, until HTTP takes over."""

    def __init__(
        self, http: HttpRanges, client: httpx.AsyncClient, base_url: str, folder: Path, limits: Limits, stall_seconds: float
    ) -> None:  # fmt: skip
        self._http, self._client, self._base_url, self._folder = http, client, base_url.rstrip("/"), folder
        self._limits, self._stall_seconds = limits, stall_seconds
        self._session: SwarmSession | None = None
        self._shared: dict[str, Sharing] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._refresh: asyncio.Task[None] | None = None
        self._refreshed = -REFRESH_SECONDS
        self._named: set[str] = set()
        self.port: int | None = None

    async def start(self, held: Collection[str]) -> None:
        """As `Transport.start`. Where no part can be taken, that is said, and everything goes over HTTP."""
        session = SwarmSession(self._limits, self._blocked)
        try:
            self.port = await session.start()
        except SwarmError as error:
            _log.warning("no swarm", error=str(error), instead="models are fetched over HTTP")
            await session.close()
            return
        self._session = session
        await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
        for digest in held:
            with suppress(OSError, TorrentError):
                await self._share_again(session, digest)
        _log.info("swarm", port=self.port, shared=sorted(self._shared))

    async def fetch(self, order: ModelOrder, part: Part, progress: FetchProgress) -> None:
        """As `Transport.fetch`; a part that has bytes is one of HTTP's."""
        session, offer = self._session, order.swarm
        if session is None or offer is None or part.size:
            return await self._http.fetch(order, part, progress)
        try:
            async with self._locks.setdefault(order.digest, asyncio.Lock()):
                await self._fetch(session, offer, order, part, progress)
        except (SwarmError, TorrentError, httpx.HTTPError) as error:
            _log.warning("swarm given up", digest=order.digest, error=str(error) or repr(error), instead="HTTP")
            if isinstance(error, SwarmError):
                # the disk may not have room for both
                await asyncio.to_thread(self._path(order.digest).unlink, missing_ok=True)
            progress.bytes_done = part.size
            await self._http.fetch(order, part, progress)

    async def retain(self, digests: Collection[str]) -> None:
        """As `Transport.retain`."""
        wanted = {*digests, *(digest for digest, lock in self._locks.items() if lock.locked())}
        for digest in self._shared.keys() - wanted:
            self._drop(digest)
        await asyncio.to_thread(self._tidy, wanted)

    async def close(self) -> None:
        """As `Transport.close`."""
        if self._refresh is not None:
            self._refresh.cancel()
        if self._session is not None:
            await self._session.close()
        await self._http.close()

    async def _fetch(
        self, session: SwarmSession, offer: SwarmOffer, order: ModelOrder, part: Part, progress: FetchProgress
    ) -> None:  # fmt: skip
        self._drop(order.digest)
        torrent = await self._torrent(offer, order)
        await asyncio.to_thread(self._make_ready, order.digest)
        seed = offer.seed.endpoint if offer.seed else None
        peers = [each.endpoint for each in offer.peers]
        self._named = {each[0] for each in (*peers, seed) if each}
        session.allow(session.allowed | self._named)
        await self._refresh_allowed()
        sharing = await session.share(
            torrent, self._folder, is_whole=False, seed=seed, peers=peers, priorities=_slices(torrent, offer)
        )
        self._shared[order.digest] = sharing
        before = progress.from_peers, progress.from_service
        try:
            await self._arrival(sharing, order, progress)
            await session.look(sharing)
        except BaseException:
            self._drop(order.digest)
            raise
        finally:
            progress.from_peers, progress.from_service = (
                sum(each) for each in zip(before, sharing.sources, strict=True)
            )  # fmt: skip
        if await asyncio.to_thread(part.adopt, self._path(order.digest)) != order.digest:
            self._drop(order.digest)
            await asyncio.to_thread(self._path(order.digest).unlink)
            await asyncio.to_thread(part.restart)
            raise SwarmError("the pieces are right, and the whole has another digest")

    async def _arrival(self, sharing: Sharing, order: ModelOrder, progress: FetchProgress) -> None:
        """Wait until the file is whole. SwarmError if nothing comes for a while, or the whole takes too long."""
        begun = moved = time.monotonic()
        longest = 2 * self._stall_seconds + order.size / SLOWEST_BYTES_PER_SECOND
        most = 0
        while not sharing.whole.is_set():
            now = time.monotonic()
            if sharing.error is not None:
                raise SwarmError(sharing.error)
            if sharing.done > most or sharing.is_checking:
                most, moved = max(most, sharing.done), now
            if now > moved + self._stall_seconds or now > begun + longest:
                raise SwarmError(f"no byte came for {now - moved:.0f} s, after {sharing.done} of {order.size}")
            progress.bytes_done = min(sharing.done, order.size)
            with suppress(TimeoutError):
                await asyncio.wait_for(sharing.whole.wait(), LOOK_SECONDS)
        progress.bytes_done = order.size

    async def _torrent(self, offer: SwarmOffer, order: ModelOrder) -> lt.add_torrent_params:
        answer = await self._client.get(f"{order.source}/torrent", extensions=bounded(MOST_BYTES))
        answer.raise_for_status()
        torrent = await asyncio.to_thread(read_torrent, answer.content, order.digest, order.size, offer.infohash)
        await asyncio.to_thread(self._note, order.digest, answer.content)
        return torrent

    def _make_ready(self, digest: str) -> None:
        """What is there is fetched on; but if it has another name, it was published, and nobody writes into that."""
        path = self._path(digest)
        if path.exists() and path.stat().st_nlink > 1:
            path.unlink()

    def _note(self, digest: str, content: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with write_atomically(self._path(digest + _TORRENT)) as stream:
            stream.write(content)

    async def _share_again(self, session: SwarmSession, digest: str) -> None:
        content = await asyncio.to_thread(self._path(digest + _TORRENT).read_bytes)
        stat = self._path(digest).stat()
        if stat.st_nlink == 1:
            return  # it was never published: it may not be whole
        torrent = read_torrent(content, digest, stat.st_size)
        self._shared[digest] = await session.share(torrent, self._folder, is_whole=True)

    def _drop(self, digest: str) -> None:
        sharing = self._shared.pop(digest, None)
        if sharing is not None and self._session is not None:
            self._session.end(sharing)

    def _tidy(self, wanted: Collection[str]) -> None:
        """Remove the files of other models; what is arriving may be gone on with for a while."""
        for path in self._folder.glob("*"):
            stat = path.stat()
            is_arriving = stat.st_nlink == 1 and time.time() < stat.st_mtime + KEPT_SECONDS
            if path.name.removesuffix(_TORRENT) not in wanted and not is_arriving:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / name

    def _blocked(self) -> None:
        """Somebody who is not known asked: perhaps a new node."""
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._refresh_allowed())

    async def _refresh_allowed(self) -> None:
        """Learn from the service whom to speak with, unless that was just done."""
        if self._session is None or time.monotonic() < self._refreshed + REFRESH_SECONDS:
            return
        self._refreshed = time.monotonic()
        try:
            answer = await self._client.get(
                f"{self._base_url}/v1/swarm/addresses", extensions=bounded(MOST_ADDRESSES_BYTES)
            )  # fmt: skip
            answer.raise_for_status()
            self._session.allow({*answer.json()["addresses"], *self._named})
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RuntimeError) as error:
            _log.warning("whom to speak with is not known", error=repr(error))


def _slices(torrent: lt.add_torrent_params, offer: SwarmOffer) -> list[int]:
    pieces = torrent.ti.num_pieces() if torrent.ti else 0
    return [OWN_SLICE if piece % offer.slices == offer.slice else OTHERS for piece in range(pieces)]
