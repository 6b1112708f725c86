"""The lease: a runner's hold on one evaluation, as a value. Pure.

Whoever writes for a runner carries its lease. It runs out unless it is extended, and then another runner may take the evaluation
over; from that moment the old lease is worth nothing. Its times are the database's, whose clock may be set back while it lasts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

BEATS_PER_LEASE = 4
LONGEST_AHEAD = 2
"""A lease that ends later than so many of its lengths from now is of another clock, and over: nobody has extended it since."""


@dataclass(frozen=True)
class Lease:
    """`owner`'s hold on an evaluation, good for `seconds` from each heartbeat."""

    evaluation_id: UUID
    owner: UUID
    seconds: float

    @classmethod
    def new(cls, evaluation_id: UUID, seconds: float) -> Lease:
        """A lease of an owner that nobody else is."""
        return cls(evaluation_id, uuid4(), seconds)

    @property
    def heartbeat_seconds(self) -> float:
        """How long to wait before extending it: some beats may be missed before it runs out."""
        return self.seconds / BEATS_PER_LEASE

    def until(self, now: datetime) -> datetime:
        """When it runs out, if the last heartbeat is `now`."""
        return now + timedelta(seconds=self.seconds)

    def is_over(self, until: datetime, now: datetime) -> bool:
        """Whether a lease of this length, of anybody, that was to run out at `until` has."""
        return not now <= until <= now + timedelta(seconds=LONGEST_AHEAD * self.seconds)
