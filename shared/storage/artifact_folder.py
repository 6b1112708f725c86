"""An artifact store in a folder, which all who use it see: a local disk, or a volume that is mounted everywhere.

Layout: `sha256/c9/c916...` what is kept, `condemned/c916...` what is deleted after a while, `damaged/c916...` what was set aside.
"""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from shared.contract.words import DIGEST_PATTERN
from shared.process.logs import get_logger
from shared.storage.artifacts import (
    Artifact,
    ArtifactError,
    ArtifactFile,
    Place,
    StoreAwayError,
    StoredArtifact,
    open_model,
)
from shared.storage.file_digests import FileDigests
from shared.storage.files import SPARE_BYTES, UNFINISHED, copy_hashing, free_bytes, publish_file, temporary_file

LEFT_SECONDS = 3600.0
"""A file that nobody has written to for so long is not being taken in any more."""
ASIDE: tuple[Place, ...] = ("damaged", "condemned")
_log = get_logger(__name__)


class ArtifactFolder:
    """As `ArtifactStore`. `is_cache`: the times of its files say when they were used last, not when they were taken in."""

    def __init__(self, folder: Path, *, is_cache: bool = False) -> None:
        self._folder, self._is_cache, self._digests = folder, is_cache, FileDigests()
        self._told: set[tuple[str, str]] = set()

    def path(self, digest: str, place: Place = "kept") -> Path:
        """Where the file with that digest is, or would be."""
        return self._folder / "sha256" / digest[:2] / digest if place == "kept" else self._folder / place / digest

    def find(self, digest: str) -> Artifact | None:
        """As `ArtifactStore.find`: it is hashed, once for as long as nothing about its file changes."""
        file = self.file(digest)
        return Artifact(digest, file.size) if file else None

    def file(self, digest: str) -> ArtifactFile | None:
        """As `ArtifactStore.file`."""
        path = self.path(digest)
        try:
            if not path.exists() and not self._restored(digest):
                return None
            found, size = self._digest(path), path.stat().st_size
        except FileNotFoundError:
            return None
        if found == digest:
            return ArtifactFile(digest, size, path.resolve())
        self._set_aside(digest, found, size)
        return None

    def take_in(
        self, source: Path, name: str | None = None, most_bytes: int | None = None, expected: str | None = None
    ) -> Artifact:
        """As `ArtifactStore.take_in`. The file is as new as this taking in, also if the artifact was there before."""
        title = name or str(source)
        with open_model(source, title) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size == 0:
                raise ArtifactError(
                    "model_invalid", f"{title} is empty; a checkpoint must be written whole, then renamed"
                )
            if most_bytes is not None and size > most_bytes:
                raise ArtifactError("model_invalid", f"{title} has {size} bytes: at most {most_bytes} are accepted")
            return self._take_in(stream, size, title, expected)

    def items(self, place: Place = "kept") -> Iterator[StoredArtifact]:
        """As `ArtifactStore.items`."""
        for path in self._folder.glob("sha256/*/*" if place == "kept" else f"{place}/*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            if re.match(DIGEST_PATTERN, path.name):
                yield StoredArtifact(path.name, stat.st_size, stat.st_mtime)

    def condemn(self, digest: str) -> None:
        """As `ArtifactStore.condemn`."""
        path = self.path(digest)
        if path.exists():
            os.utime(path)
            self._move(path, self.path(digest, "condemned"))

    def delete_condemned(self, digest: str) -> None:
        """As `ArtifactStore.delete_condemned`."""
        self.path(digest, "condemned").unlink(missing_ok=True)

    def address(self, digest: str, seconds: float) -> None:
        """As `ArtifactStore.address`: a folder has none."""

    def check(self) -> None:
        """As `ArtifactStore.check`; a folder that is not there yet is made with the first artifact."""
        if self._folder.exists() and not (self._folder.is_dir() and os.access(self._folder, os.R_OK | os.X_OK)):
            raise StoreAwayError(f"the artifact store {self._folder} is no folder that this process may read")

    def sweep(self) -> int:
        """As `ArtifactStore.sweep`."""
        old = [each for each in self._folder.glob(UNFINISHED) if time.time() - each.stat().st_mtime > LEFT_SECONDS]
        for each in old:
            each.unlink(missing_ok=True)
        return len(old)

    def require_room(self, needed: int) -> None:
        """Nothing, if so many bytes more fit into the folder; OSError if not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        free = free_bytes(self._folder)
        if free < needed + SPARE_BYTES:
            text = f"the artifact store has {free} bytes free and needs {needed + SPARE_BYTES}"
            raise OSError(errno.ENOSPC, text)

    def _take_in(self, stream: IO[bytes], size: int, title: str, expected: str | None) -> Artifact:
        self.require_room(size)
        with temporary_file(self._folder) as (temporary, target):
            digest, size = copy_hashing(stream, target)
            if expected not in (None, digest):
                text = f"{title} has the digest {digest}, and {expected} was announced"
                raise ArtifactError("digest_mismatch", text)
            self.publish(temporary, digest)
        return Artifact(digest, size)

    def publish(self, temporary: Path, digest: str) -> None:
        """Keep a finished file of this folder, whose bytes were hashed."""
        final = self.path(digest)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(0o444)
        publish_file(temporary, final)
        for place in ASIDE:
            aside = self.path(digest, place)
            if aside.exists():
                aside.unlink(missing_ok=True)
                _log.info("artifact mended", digest=digest, was=place)

    def _digest(self, path: Path) -> str:
        return self._digests.use(path) if self._is_cache else self._digests.of(path)

    def _restored(self, digest: str) -> bool:
        """Whether it was condemned, and is kept now because somebody asks for it."""
        return self._move(self.path(digest, "condemned"), self.path(digest))

    def _set_aside(self, digest: str, found: str, size: int) -> None:
        """Nobody is to use those bytes. Where the folder may not be written, they stay, and are not used either."""
        try:
            self._move(self.path(digest), self.path(digest, "damaged"))
        except OSError as error:
            where = f"where it was: {error.strerror}"
        else:
            where = str(self.path(digest, "damaged"))
        if (digest, found) not in self._told:
            self._told.add((digest, found))
            _log.error("artifact damaged", digest=digest, found=found, size=size, put_aside=where)

    def _move(self, path: Path, to: Path) -> bool:
        if not path.exists():
            return False
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            publish_file(path, to)
        except FileNotFoundError:
            return False
        return True
