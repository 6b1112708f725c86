"""The claim: a worker's hold on some blocks of an evaluation, as a value. Pure.

A worker may hold it only for so long after each of its reports. When it is silent for longer, the blocks are given to another one;
what the silent one still reports is taken all the same, for a game is the same whoever plays it. Times are the database's, whose
clock may be set back while a claim lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.gauntlet.cost import NO_COST, Cost
from services.gauntlet.course import Blocks

LONGEST_AHEAD = 2
"""A claim that runs out later than so many of its lengths from now is of another clock, and over: nobody has extended it since."""


@dataclass(frozen=True)
class Claim:
    """What `worker` plays of an evaluation. `blocks`: None where the model is only to be loaded; `told`: its cost so far, as its
    worker said it; `is_over`: its games are not wanted any more, and only what they cost is still heard."""

    id: UUID
    evaluation_id: UUID
    worker: str
    blocks: Blocks | None
    issued_at: datetime
    until: datetime
    seen_at: datetime
    told: Cost = NO_COST
    is_over: bool = False

    def is_live(self, seconds: float) -> bool:
        """Whether its worker was heard of in the last `seconds`, which is how long claims last."""
        return self.seen_at <= self.until <= self.seen_at + timedelta(seconds=LONGEST_AHEAD * seconds)

    def holds_first_of(self, other: Claim) -> bool:
        """Whether the first game of another claim is one of this one's."""
        ours, theirs = self.blocks, other.blocks
        return ours is not None and theirs is not None and ours.opponent == theirs.opponent and theirs.first in ours

    def is_late(self, seconds: float) -> bool:
        """Whether it has been held for longer than `seconds`."""
        return not self.issued_at <= self.seen_at <= self.issued_at + timedelta(seconds=seconds)
