"""The digests of files that are looked at again and again: hashed when anything about one changed, and now and then in any case."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from shared.storage.files import digest_of

AGAIN_SECONDS = 3600.0
"""After so long a file is hashed again though its times and size are the same: disks rot."""
USED_SECONDS = 60.0
"""How exactly it is known when a file was used last."""
MOST_REMEMBERED = 10_000
LOCKS = 16
"""So many files are hashed at once, and each once, however many threads ask."""


class _Hashed(NamedTuple):
    signature: tuple[int, ...]
    digest: str
    at: float


class FileDigests:
    """Remembers what it hashed. `clock`: seconds, from any beginning; `digest`: of a file's bytes. Blocks: call from a thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, digest: Callable[[Path], str] = digest_of) -> None:
        self._clock, self._digest = clock, digest
        self._hashed: OrderedDict[Path, _Hashed] = OrderedDict()
        self._hashing = [threading.Lock() for _ in range(LOCKS)]

    def of(self, path: Path) -> str:
        """The SHA-256 of the file's bytes. OSError if it cannot be read, or is gone."""
        with self._hashing[hash(path) % LOCKS]:
            signature, now = _signature(path.stat()), self._clock()
            before = self._hashed.get(path)
            if before is None or before.signature != signature or now - before.at >= AGAIN_SECONDS:
                before = _Hashed(signature, self._digest(path), now)
            self._remember(path, before)
            return before.digest

    def use(self, path: Path) -> str:
        """The same, and the file's time says that it was used, for those who give up what is used least."""
        digest, stat = self.of(path), path.stat()
        hashed = self._hashed[path]
        if time.time() - stat.st_mtime > USED_SECONDS and hashed.signature == _signature(stat):
            os.utime(path)
            self._remember(path, hashed._replace(signature=_signature(path.stat())))
        return digest

    def _remember(self, path: Path, hashed: _Hashed) -> None:
        self._hashed[path] = hashed
        self._hashed.move_to_end(path)
        if len(self._hashed) > MOST_REMEMBERED:
            self._hashed.popitem(last=False)


def _signature(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
