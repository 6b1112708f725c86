"""Former models, kept so that going back to one costs no transfer. Blocks: call it from a thread.

Layout: `kept/<configuration>/<digest>.pth`. So many of each configuration stay, newest first, and those that are pinned; the
others are removed. A disk without hard links keeps none.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from shared.storage.files import digest_of


class KeptModels:
    """The former models of one node. `most`: of one configuration; `pinned`: digests that stay in any case."""

    def __init__(self, folder: Path, most: int, pinned: Collection[str] = ()) -> None:
        self._folder, self._most, self._pinned = folder, most, frozenset(pinned)

    def keep(self, configuration: str, digest: str, path: Path) -> None:
        """Give a whole file that is about to lose its name another one here."""
        kept = self._path(configuration, digest)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            kept.unlink(missing_ok=True)
            kept.hardlink_to(path)
            os.utime(kept)

    def find(self, configuration: str, digest: str) -> Path | None:
        """The kept file with that digest, whose bytes were read again for this; None if there is none."""
        path = self._path(configuration, digest)
        with suppress(OSError):
            if digest_of(path) == digest:
                return path
            path.unlink()
        return None

    def tidy(self, configuration: str) -> None:
        """Remove what need not stay."""
        files = sorted(self._path(configuration, "").parent.glob("*.pth"), key=lambda path: -path.stat().st_mtime_ns)
        for path in [path for path in files if path.stem not in self._pinned][self._most :]:
            path.unlink(missing_ok=True)

    def drop(self, configuration: str) -> None:
        """Remove all of a configuration, but for those that are pinned."""
        for path in self._path(configuration, "").parent.glob("*.pth"):
            if path.stem not in self._pinned:
                path.unlink(missing_ok=True)

    def _path(self, configuration: str, digest: str) -> Path:
        return self._folder / configuration / f"{digest}.pth"
