"""An evaluation: its states, which moves there are and who may make them, and the lease under which a runner works on it. Pure.

    received ── take in (service) ──▶ queued ── claim (runner) ──▶ running ── complete (runner) ──▶ completed
                                        ▲                            │  ▲
                                        └──── release (runner) ──────┘  └─ take over (another runner, once the lease ran out)

    received, queued, running ── fail (service, runner) or cancel (operator) ──▶ failed

The two ends are final, and one of them is reached once. The database holds this too: every statement of the repository names the
states that it moves from, and what a runner writes carries its lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid4

from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationReason, EvaluationState, FailureCode

OPEN = (EvaluationState.RECEIVED, EvaluationState.QUEUED, EvaluationState.RUNNING)
ENDED = (EvaluationState.COMPLETED, EvaluationState.FAILED)
BEATS_PER_LEASE = 4
Actor = Literal["service", "runner", "operator"]


class Move(NamedTuple):
    """A change of state: from which states, to which one, and who may make it."""

    sources: tuple[EvaluationState, ...]
    target: EvaluationState
    actors: tuple[Actor, ...]


TAKE_IN = Move((EvaluationState.RECEIVED,), EvaluationState.QUEUED, ("service",))
CLAIM = Move((EvaluationState.QUEUED,), EvaluationState.RUNNING, ("runner",))
TAKE_OVER = Move((EvaluationState.RUNNING,), EvaluationState.RUNNING, ("runner",))
RELEASE = Move((EvaluationState.RUNNING,), EvaluationState.QUEUED, ("runner",))
COMPLETE = Move((EvaluationState.RUNNING,), EvaluationState.COMPLETED, ("runner",))
FAIL = Move(OPEN, EvaluationState.FAILED, ("service", "runner", "operator"))
MOVES = (TAKE_IN, CLAIM, TAKE_OVER, RELEASE, COMPLETE, FAIL)


@dataclass(frozen=True)
class Lease:
    """A runner's hold on an evaluation, good for `seconds` after each heartbeat. Nothing is written without one that holds."""

    evaluation_id: UUID
    owner: UUID
    seconds: float

    @classmethod
    def new_owner(cls) -> UUID:
        """A name that no other lease has."""
        return uuid4()

    @property
    def heartbeat_seconds(self) -> float:
        """How often to extend it: several beats may be missed before it runs out."""
        return self.seconds / BEATS_PER_LEASE


@dataclass(frozen=True)
class Evaluation:
    """All games of one candidate under one policy, as recorded. `cause`: the event that asked for it, None for HTTP."""

    id: UUID
    configuration: Configuration
    reason: EvaluationReason
    cause: dict[str, Any] | None
    request_id: UUID | None
    model_path: str | None
    announced_digest: str | None
    games: int | None
    policy: GatePolicy | None
    play: PlayPolicy
    skip_games: bool
    state: EvaluationState
    waits_for: str | None
    digest: str | None
    size: int | None
    seed: int | None
    previous: CanonicalReference | None
    model: dict[str, Any] | None
    attempts: int
    revision: int
    evidence: dict[str, Any] | None
    failure_code: FailureCode | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    @property
    def has_started(self) -> bool:
        """Whether a first attempt began, and what it meets is fixed."""
        return self.started_at is not None

    def may(self, move: Move, actor: Actor) -> bool:
        """Whether that actor may make a move from the state it is in."""
        return self.state in move.sources and actor in move.actors

    def is_spent(self, attempts: int) -> bool:
        """Whether as many workers as there may be have ended in a row without recording a game, this attempt's not counted."""
        return self.attempts > attempts

    def is_last_attempt(self, attempts: int) -> bool:
        """Whether the attempt that is under way is the last one."""
        return self.attempts >= attempts


class Claimed(NamedTuple):
    """An evaluation that a runner holds."""

    evaluation: Evaluation
    lease: Lease
