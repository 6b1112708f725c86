"""The service's part in the swarm: it gives the canonical versions, from their files in the artifact store, to registered nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from services.distribution.agent.swarm.session import Limits, Sharing, SwarmError, SwarmSession
from services.distribution.agent.swarm.torrent import Torrent, read_torrent
from shared.process.logs import get_logger
from shared.storage.artifacts import ArtifactFile

_log = get_logger(__name__)


class Seed:
    """It listens once there is something to give; `port`: where, None as long as it does not."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._session: SwarmSession | None = None
        self._lock = asyncio.Lock()
        self._shared: dict[str, Sharing] = {}
        self._wanted: dict[str, str] = {}
        self.port: int | None = None

    async def give(
        self, configuration: str, file: ArtifactFile, torrent: Torrent, allowed: Iterable[str]
    ) -> int | None:
        """Give the version of a configuration to whoever is allowed, instead of an earlier one; returns the port, None if there is
        none to be had."""
        async with self._lock:
            session = self._session or await self._started()
            if session is None:
                return None
            self._wanted[configuration] = file.digest
            for digest in self._shared.keys() - set(self._wanted.values()):
                session.end(self._shared.pop(digest))
            if session.allowed != frozenset(allowed):
                session.allow(allowed)
            await self._share(session, file, torrent)
            return self.port

    async def close(self) -> None:
        """End."""
        if self._session is not None:
            await self._session.close()

    async def _share(self, session: SwarmSession, file: ArtifactFile, torrent: Torrent) -> None:
        sharing = self._shared.get(file.digest)
        if sharing is not None and sharing.error is not None:
            _log.warning("seed", digest=file.digest, error=sharing.error)
            session.end(self._shared.pop(file.digest))
            sharing = None
        if sharing is None:
            wanted = read_torrent(torrent.content, file.digest, file.size)
            self._shared[file.digest] = await session.share(wanted, file.path.parent, is_whole=True)
            _log.info("seed", digest=file.digest, infohash=torrent.infohash, port=self.port)

    async def _started(self) -> SwarmSession | None:
        session = SwarmSession(self._limits)
        try:
            self.port = await session.start()
        except SwarmError as error:
            _log.warning("no seed", error=str(error), instead="models go over HTTP")
            await session.close()
            return None
        self._session = session
        return session
