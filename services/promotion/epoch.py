"""Epochs of the ledger. A ledger that was restored from a backup gives out versions anew that others have heard of already, so a
person says so, and it begins an epoch: whatever only goes upwards compares epoch and version. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shared.contract.words import MOST_ID


class BegunEpoch(NamedTuple):
    """One epoch. The first, 0, nobody began."""

    epoch: int
    begun_at: datetime | None
    begun_by: str | None
    reason: str | None


FIRST = BegunEpoch(0, None, None, None)


def following(present: int, now: datetime) -> int:
    """The number of the epoch after `present`: the second of its beginning, so that it is above whatever was given out after the
    backup was made, of which the ledger knows nothing; always higher than the present one, whatever became of the clock."""
    return min(max(present + 1, int(now.timestamp())), MOST_ID)
