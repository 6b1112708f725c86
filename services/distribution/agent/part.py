"""A file that is arriving: it can be resumed, and its hash covers what it has so far. Blocks: call it from a thread."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import IO

from shared.storage.files import CHUNK


class Part:
    """The bytes that have arrived of one file; `size` is their number, once what an earlier transfer left is taken up."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._stream: IO[bytes] = path.open("a+b")
        self._sha = hashlib.sha256()
        self.size = 0

    def take_up(self) -> None:
        """Read and hash what an earlier transfer left."""
        self._stream.seek(0)
        while chunk := self._stream.read(CHUNK):
            self._count(chunk)

    def _count(self, chunk: bytes) -> None:
        self._sha.update(chunk)
        self.size += len(chunk)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._stream.write(chunk)
        self._count(chunk)

    def restart(self) -> None:
        """Forget all bytes."""
        self._stream.truncate(0)
        self._sha, self.size = hashlib.sha256(), 0

    def adopt(self, path: Path) -> str:
        """Become that file, of which this is a second name where the disk has such; returns the SHA-256 of its bytes."""
        self.discard()
        try:
            self.path.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, self.path)
        self._stream = self.path.open("a+b")
        self._sha, self.size = hashlib.sha256(), 0
        self.take_up()
        return self._sha.hexdigest()

    def finish(self) -> str:
        """Force the bytes to disk; returns their SHA-256."""
        self._stream.flush()
        os.fsync(self._stream.fileno())
        return self._sha.hexdigest()

    def close(self) -> None:
        """Close the file and leave it for a resume."""
        self._stream.close()

    def discard(self) -> None:
        """Remove the file: its bytes are not what they should be."""
        self._stream.close()
        self.path.unlink(missing_ok=True)
