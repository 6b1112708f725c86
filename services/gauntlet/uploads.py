"""Models that trainers send, where no folder is shared: in pieces, one after the other, kept here until all of them are there.

The whole is hashed as it is taken in; whatever has another digest than its name is thrown away. Who may send is not asked here.
"""

from __future__ import annotations

import asyncio
import errno
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from services.gauntlet.errors import NoRoomError, UploadOffsetError, UploadRefusedError
from shared.storage.artifacts import ArtifactError, ArtifactStore
from shared.storage.files import SPARE_BYTES, free_bytes

MOST_OPEN = 100
"""Uploads that are under way at once."""
LEFT_SECONDS = 86_400.0
"""One of which nothing has come for so long is thrown away."""
FULL = (errno.ENOSPC, errno.EDQUOT)
LOCKS = 16


class Uploaded(NamedTuple):
    """How many bytes of a model are there, and whether that is all of it."""

    offset: int
    complete: bool


@dataclass(frozen=True)
class Uploads:
    """`folder`: of this process, for pieces; `most_bytes`: of a model."""

    store: ArtifactStore
    folder: Path
    most_bytes: int
    _locks: list[threading.Lock] = field(default_factory=lambda: [threading.Lock() for _ in range(LOCKS)], init=False)

    async def state(self, digest: str) -> Uploaded:
        """How far an upload is."""
        return await asyncio.to_thread(self._state, digest)

    async def take(self, digest: str, offset: int, size: int, piece: bytes) -> Uploaded:
        """Take the bytes of a model of `size` bytes that begin at `offset`; with the last of them it is an artifact.
        UploadOffsetError for other bytes than the next ones, UploadRefusedError for what is no such model, NoRoomError."""
        try:
            return await asyncio.to_thread(self._take, digest, offset, size, piece)
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise NoRoomError(error.strerror or "the disk is full") from None

    def _state(self, digest: str) -> Uploaded:
        found = self.store.find(digest)
        return Uploaded(found.size, True) if found else Uploaded(self._arrived(digest), False)

    def _take(self, digest: str, offset: int, size: int, piece: bytes) -> Uploaded:
        with self._locks[int(digest[0], 16) % LOCKS]:
            if offset == 0 and (found := self.store.find(digest)) is not None:
                return Uploaded(found.size, True)
            arrived = self._arrived(digest)
            if offset != arrived:
                raise UploadOffsetError(arrived)
            self._require_fit(arrived, size, piece)
            with self._part(digest).open("ab") as stream:
                stream.write(piece)
            if arrived + len(piece) < size:
                return Uploaded(arrived + len(piece), False)
            return self._finish(digest)

    def _finish(self, digest: str) -> Uploaded:
        part = self._part(digest)
        try:
            artifact = self.store.take_in(part, "what was sent", self.most_bytes, digest)
        except ArtifactError as error:
            part.unlink(missing_ok=True)
            raise UploadRefusedError(f"{error}; it was thrown away") from None
        part.unlink(missing_ok=True)
        return Uploaded(artifact.size, True)

    def _require_fit(self, arrived: int, size: int, piece: bytes) -> None:
        if size > self.most_bytes:
            raise UploadRefusedError(f"a model has {self.most_bytes} bytes at most, and this one {size}")
        if arrived + len(piece) > size:
            raise UploadRefusedError(f"{arrived + len(piece)} bytes have come, of a model of {size}")
        if arrived == 0:
            self.sweep()
            if sum(1 for _ in self.folder.glob("*.part")) >= MOST_OPEN:
                raise NoRoomError(f"{MOST_OPEN} uploads are under way, as many as may be")
        free, needed = free_bytes(self.folder), size - arrived + SPARE_BYTES
        if free < needed:
            raise NoRoomError(f"{free} bytes are free, and {needed} are needed")

    def sweep(self) -> None:
        """Throw away what was begun and not gone on with."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for part in self.folder.glob("*.part"):
            if time.time() - part.stat().st_mtime > LEFT_SECONDS:
                part.unlink(missing_ok=True)

    def _part(self, digest: str) -> Path:
        return self.folder / f"{digest}.part"

    def _arrived(self, digest: str) -> int:
        part = self._part(digest)
        return part.stat().st_size if part.exists() else 0
