"""What is left to play of the evaluations that are not over, and what waits behind what. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from shared.contract.words import EvaluationState

SHORT_GAMES = 50
"""Games per opponent up to which an evaluation is a short one: the runbook's number."""
HEAD_START = timedelta(minutes=10)
"""How much earlier than it was asked for a short evaluation is treated, beside a long one."""


class Backlogged(NamedTuple):
    """An evaluation that is played or waits to be: at most so many games are left, which take so many processor seconds; None where
    nobody knows yet."""

    evaluation_id: UUID
    configuration: str
    state: EvaluationState
    games: int
    seconds: float | None


class Standing(NamedTuple):
    """Since how many seconds the oldest evaluation that has not ended was asked for, 0 without one, how long one may be played, and
    how many claims are live."""

    oldest_seconds: float
    bound_seconds: float
    live_claims: int


class Ahead(NamedTuple):
    """What is played before an evaluation that waits."""

    evaluations: int
    games: int
    seconds: float | None

    @property
    def words(self) -> str:
        """For people."""
        if self.evaluations == 0:
            return "a worker: it is the next one"
        seconds = "" if self.seconds is None else f", about {self.seconds:.0f} processor seconds of work"
        return f"{self.evaluations} earlier evaluations with at most {self.games} games{seconds}"


def total(backlog: Sequence[Backlogged]) -> Ahead:
    """All of it together; its seconds are those of the evaluations of which they are known."""
    known = [each.seconds for each in backlog if each.seconds is not None]
    return Ahead(len(backlog), sum(each.games for each in backlog), sum(known) if known else None)


def ahead_of(evaluation_id: UUID, backlog: Sequence[Backlogged]) -> Ahead | None:
    """What comes before an evaluation in the order in which they are played; None if it does not wait."""
    for place, each in enumerate(backlog):
        if each.evaluation_id == evaluation_id and each.state is EvaluationState.QUEUED:
            return total(backlog[:place])
    return None
