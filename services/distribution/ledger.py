"""Whether the desired versions here are those of the ledger. Shown, never acted on: only the ledger's feed moves what is desired.

Pure: no I/O, time comes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from services.distribution.delivery import Head


class Reference(NamedTuple):
    """A version and its digest."""

    version: int
    digest: str


class Difference(NamedTuple):
    """A configuration of which the ledger names another version than is desired here; None where there is none."""

    configuration: str
    ledger: Reference | None
    here: Reference | None
    since: datetime

    def __str__(self) -> str:
        ledger, here = (f"version {each.version} ({each.digest[:12]})" if each else "nothing" for each in self[1:3])
        return f"of {self.configuration} the ledger has {ledger}, and the nodes are given {here}"


class LedgerDiffersError(Exception):
    """The ledger and the desired versions differ; the text says where."""


@dataclass
class LedgerComparison:
    """What was found out last. `allowance`: how long a difference may last, because the feed takes time.

    `checked_at`: when the ledger was last read, None for never; `unreached`: why it could not be read since, None if it could.
    """

    allowance: timedelta
    checked_at: datetime | None = None
    unreached: str | None = "the ledger was not read yet"
    _differing: dict[str, Difference] = field(default_factory=dict)

    def compared(self, ledger: Mapping[str, Reference], heads: Iterable[Head], now: datetime) -> None:
        """The ledger was read, and these versions are desired here."""
        here = {head.configuration: Reference(head.version, head.digest) for head in heads}
        found = (self._difference(key, ledger.get(key), here.get(key), now) for key in sorted({*ledger, *here}))
        self._differing = {each.configuration: each for each in found if each is not None}
        self.checked_at, self.unreached = now, None

    def missed(self, reason: str) -> None:
        """The ledger could not be read. That is no difference, and ends none."""
        self.unreached = reason

    @property
    def differences(self) -> list[Difference]:
        """Those that have lasted longer than the feed needs."""
        if self.checked_at is None:
            return []
        return [each for each in self._differing.values() if self.checked_at - each.since >= self.allowance]

    @property
    def agrees(self) -> bool | None:
        """Whether there is none; None as long as the ledger was never read."""
        return None if self.checked_at is None else not self.differences

    async def require_agreement(self) -> None:
        """LedgerDiffersError if there is one."""
        if self.differences:
            raise LedgerDiffersError("; ".join(map(str, self.differences)))

    def _difference(
        self, key: str, ledger: Reference | None, here: Reference | None, now: datetime
    ) -> Difference | None:  # fmt: skip
        if ledger == here:
            return None
        before = self._differing.get(key)
        # what is desired here has moved since: it follows, however far behind
        since = min(before.since, now) if before is not None and before.here == here else now
        return Difference(key, ledger, here, since)
