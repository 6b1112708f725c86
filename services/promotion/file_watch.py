"""Whether the canonical files still hold what the ledger names: looked at again and again, hashed when they changed.

An operator who restores a backup puts its file there first and asks for it afterwards (the runbook's way back), so a file that
differs is left for a while. This only looks, from a thread; projector.py writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from services.promotion.projection import link_path
from services.promotion.versions import CanonicalVersion
from shared.contract.words import canonical_name
from shared.storage.file_digests import FileDigests
from shared.storage.files import digest_of


class Difference(NamedTuple):
    """A canonical file that is not the ledger's. `found`: its digest, or what its link leads to; `since`: by the watch's clock."""

    configuration: str
    version: int
    expected: str
    found: str
    since: float


@dataclass
class FileWatch:
    """Remembers what it saw. `grace`: seconds for which a difference is left alone; `clock`: seconds, from any beginning;
    `digest`: of a file's bytes."""

    models: Path
    grace: float
    clock: Callable[[], float] = time.monotonic
    digest: Callable[[Path], str] = digest_of
    _differences: dict[str, Difference] = field(default_factory=dict, init=False)
    _digests: FileDigests = field(init=False)

    def __post_init__(self) -> None:
        self._digests = FileDigests(self.clock, self.digest)

    @property
    def differences(self) -> Mapping[str, Difference]:
        """What differs now, by configuration."""
        return dict(self._differences)

    def look(self, head: CanonicalVersion) -> Difference | None:
        """What differs, None if nothing does. OSError if a file cannot be read, or is gone."""
        found = self._found(head.configuration)
        before = self._differences.pop(head.configuration, None)
        if found == head.digest:
            return None
        is_known = before is not None and (before.version, before.found) == (head.version, found)
        since = before.since if before is not None and is_known else self.clock()
        difference = Difference(head.configuration, head.version, head.digest, found, since)
        self._differences[head.configuration] = difference
        return difference

    def left(self, difference: Difference) -> float:
        """Seconds until it is to be mended, 0 or less if it is."""
        return difference.since + self.grace - self.clock()

    def _found(self, configuration: str) -> str:
        canonical, link = self.models / canonical_name(configuration), link_path(self.models, configuration)
        if not link.samefile(canonical):
            return f"{link.name} is another file than {canonical.name}"
        return self._digests.of(canonical)
