"""Whether the desired versions here are those of the ledger, and whether nodes hold what it has not reached: a ledger that was
restored from a backup is behind those who heard of it since. Shown, never acted on: only the ledger's feed moves what is desired.

Pure: no I/O, time comes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from services.distribution.delivery import Head

MOST_SHOWN = 100
RESTORED = "if it was restored from a backup, say so: ringrift ledger restored"


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


class LedgerHeads(NamedTuple):
    """What the ledger names, by configuration, and the epoch that it is in."""

    epoch: int
    versions: Mapping[str, Reference]


class Claim(NamedTuple):
    """What a node says it holds."""

    node: str
    configuration: str
    epoch: int
    version: int


class Beside(NamedTuple):
    """What is compared with the ledger: what is desired, what nodes hold beyond it, and how many nodes there are."""

    heads: Sequence[Head]
    beyond: Sequence[Claim]
    nodes: int


class Ahead(NamedTuple):
    """A node that says it holds a version which the ledger has not reached."""

    node: str
    configuration: str
    epoch: int
    version: int
    since: datetime

    def __str__(self) -> str:
        epoch = f" of epoch {self.epoch}" if self.epoch else ""
        return f"{self.node} holds version {self.version}{epoch} of {self.configuration}"


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
    epoch: int = 0
    _differing: dict[str, Difference] = field(default_factory=dict)
    _beyond: dict[tuple[str, str], Ahead] = field(default_factory=dict)
    _nodes: int = 0

    def compared(self, ledger: LedgerHeads, beside: Beside, now: datetime) -> None:
        """The ledger was read, and then what is to be compared with it."""
        here = {head.configuration: Reference(head.version, head.digest) for head in beside.heads}
        keys = sorted({*ledger.versions, *here})
        found = (self._difference(key, ledger.versions.get(key), here.get(key), now) for key in keys)
        self._differing = {each.configuration: each for each in found if each is not None}
        self._beyond = {(each.node, each.configuration): self._ahead(each, now) for each in beside.beyond}
        self.checked_at, self.unreached, self.epoch, self._nodes = now, None, ledger.epoch, beside.nodes

    def missed(self, reason: str) -> None:
        """The ledger could not be read. That is no difference, and ends none."""
        self.unreached = reason

    @property
    def differences(self) -> list[Difference]:
        """Those that have lasted longer than the feed needs."""
        return [each for each in self._differing.values() if self._lasts(each)]

    @property
    def all_ahead(self) -> list[Ahead]:
        """Those nodes that were ahead of the ledger for so long."""
        return [each for each in self._beyond.values() if self._lasts(each)]

    @property
    def ahead(self) -> list[Ahead]:
        """As many of them as are shown."""
        return self.all_ahead[:MOST_SHOWN]

    @property
    def nodes_ahead(self) -> int:
        """How many nodes those are."""
        return len({each.node for each in self.all_ahead})

    @property
    def is_behind(self) -> bool:
        """Whether so many nodes say so that it is the ledger that went back: half of them or more. Fewer may lie, or have
        belonged to another ledger, and are no reason to serve nobody."""
        return 0 < self._nodes <= 2 * self.nodes_ahead

    @property
    def agrees(self) -> bool | None:
        """Whether there is none; None as long as the ledger was never read."""
        return None if self.checked_at is None else not self.differences

    async def require_agreement(self) -> None:
        """LedgerDiffersError if there is one, or the ledger is behind the nodes."""
        said = list(map(str, self.differences))
        if self.is_behind:
            said.append(
                f"{self.nodes_ahead} of {self._nodes} nodes are ahead of the ledger: {self.ahead[0]}; {RESTORED}"
            )
        if said:
            raise LedgerDiffersError("; ".join(said))

    def _lasts(self, found: Difference | Ahead) -> bool:
        return self.checked_at is not None and self.checked_at - found.since >= self.allowance

    def _ahead(self, claim: Claim, now: datetime) -> Ahead:
        before = self._beyond.get((claim.node, claim.configuration))
        return Ahead(*claim, min(before.since, now) if before else now)

    def _difference(
        self, key: str, ledger: Reference | None, here: Reference | None, now: datetime
    ) -> Difference | None:  # fmt: skip
        if ledger == here:
            return None
        before = self._differing.get(key)
        # what is desired here has moved since: it follows, however far behind
        since = min(before.since, now) if before is not None and before.here == here else now
        return Difference(key, ledger, here, since)
