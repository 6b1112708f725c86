"""The evaluation: its states, the moves between them, and who may make each. Pure.

    received ──────▶ queued ──────▶ running ──────▶ completed
       │               │  ◀──────────  │
       └───────────────┴───────────────┴──────────▶ failed

    who                      moves
    the service              taken_in, ruled_by, stalled, rejected; all of `received`
    a runner, by claiming    claimed; of `queued`, and of `running` under a lease that ran out
    a runner, by its lease   begun, described, progressed, released, worker_lost, completed, failed
    an operator              cancelled; of whatever has not ended

A move gives the evaluation as it is afterwards, with the next revision, or raises; the ends are final. The clock is the database's:
`seen_at` is its time when the evaluation was read. A new state is a member of words.EvaluationState and its moves here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.gauntlet.errors import EndedError, LeaseLostError, MoveRefusedError
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.lease import Lease
from shared.contract.configuration import Configuration
from shared.contract.events import new_traceparent
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import LONGEST_REASON, EvaluationReason, EvaluationState, FailureCode, storable
from shared.storage.artifacts import Artifact

ENDED = (EvaluationState.COMPLETED, EvaluationState.FAILED)
OPEN = tuple(state for state in EvaluationState if state not in ENDED)
FOR_MODEL = "the model file to be taken into the artifact store"
FOR_POLICY = "the promotion service's gate policy"


class Announced(NamedTuple):
    """The network of a model file that does not say it itself; None where nobody said it."""

    architecture: str | None = None
    parameters: Mapping[str, int] | None = None


NOTHING_ANNOUNCED = Announced()


class Playable(NamedTuple):
    """What is known of every evaluation that was queued: the bytes, the seed of its games, and the policy they are played under."""

    digest: str
    size: int
    seed: int
    gates: GatePolicy


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """All games of one candidate under one policy. `cause`: the event that asked for it; `games`: how many were asked for."""

    id: UUID
    configuration: Configuration
    reason: EvaluationReason
    requested_at: datetime
    seen_at: datetime
    play: PlayPolicy
    cause: dict[str, Any] | None = None
    request_id: UUID | None = None
    model_path: str | None = None
    announced_digest: str | None = None
    architecture: str | None = None
    parameters: Mapping[str, int] | None = None
    games: int | None = None
    skip_games: bool = False
    state: EvaluationState = EvaluationState.RECEIVED
    revision: int = 0
    waits_for: str | None = FOR_MODEL
    gates: GatePolicy | None = None
    policy_id: str | None = None
    digest: str | None = None
    size: int | None = None
    seed: int | None = None
    previous: CanonicalReference | None = None
    model: ModelMetadata | None = None
    attempts: int = 0
    lease_owner: UUID | None = None
    lease_until: datetime | None = None
    evidence: Evidence | None = None
    failure_code: FailureCode | None = None
    failure_reason: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def traceparent(self) -> str:
        """The place in the trace of what asked for it; in a trace of its own if nothing did."""
        return self.cause["traceparent"] if self.cause else new_traceparent()

    @property
    def announced(self) -> Announced:
        """The network that it was announced with."""
        return Announced(self.architecture, self.parameters)

    @property
    def title(self) -> str:
        """What people call its model: the path that was announced, or else its digest."""
        return self.model_path or f"the model {self.digest or self.announced_digest}"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    def is_silent(self, lease: Lease) -> bool:
        """Whether the runner that holds it has let its lease, which is as long as this one, run out."""
        return self.lease_until is not None and lease.is_over(self.lease_until, self.seen_at)

    @property
    def lacks(self) -> str | None:
        """What it needs before it can be queued, None for nothing. One thing at a time: no policy before there are bytes."""
        if self.digest is None:
            return FOR_MODEL
        return FOR_POLICY if self.gates is None else None

    @property
    def playable(self) -> Playable:
        """What it is played by. MoveRefusedError before it was queued."""
        if self.digest is None or self.size is None or self.seed is None or self.gates is None:
            raise MoveRefusedError(f"evaluation {self.id} cannot be played: it lacks {self.lacks}")
        return Playable(self.digest, self.size, self.seed, self.gates)

    def asks_for(self, planned: PlannedEvaluation) -> bool:
        """Whether it was asked for in the same words."""
        asked = (planned.configuration, planned.model_path, planned.digest, planned.games)
        network = (planned.architecture, planned.parameters)
        same = (self.configuration, self.model_path, self.announced_digest, self.games) == asked
        return same and (self.architecture, self.parameters) == network

    # the service's moves

    def taken_in(self, artifact: Artifact, seed: int) -> Evaluation:
        """The model's bytes are in the store: they are what is evaluated, whatever becomes of the file."""
        return self._supplied(FOR_MODEL, digest=artifact.digest, size=artifact.size, seed=seed)

    def ruled_by(self, policy: GatePolicy) -> Evaluation:
        """The promotion service named the policy."""
        skip = self.skip_games or policy.skip_games
        return self._supplied(FOR_POLICY, gates=policy, policy_id=policy.id, skip_games=skip)

    def stalled(self, trouble: str) -> Evaluation:
        """What it waits for does not come, and why; the same evaluation if that is known."""
        self._require(EvaluationState.RECEIVED)
        waits_for = storable(f"{self.lacks}: {trouble}", LONGEST_REASON)
        return self if waits_for == self.waits_for else self._moved(self.state, waits_for=waits_for)

    def rejected(self, code: FailureCode, reason: str) -> Evaluation:
        """The model can never be taken in."""
        self._require(EvaluationState.RECEIVED)
        return self._failed(code, reason)

    # a runner's moves

    def claimed(self, lease: Lease) -> Evaluation:
        """A runner takes it from the queue, or from a runner that fell silent: one more attempt."""
        if not (self.state is EvaluationState.QUEUED or self.is_silent(lease)) or lease.evaluation_id != self.id:
            raise MoveRefusedError(f"evaluation {self.id} is {self.state} and cannot be claimed")
        until = lease.until(self.seen_at)
        return self._moved(
            EvaluationState.RUNNING, lease_owner=lease.owner, lease_until=until, attempts=self.attempts + 1
        )

    def begun(self, lease: Lease, previous: CanonicalReference | None) -> Evaluation:
        """The first attempt starts, and fixes the canonical version that is met."""
        self._require_held(lease)
        return self._moved(self.state, started_at=self.seen_at, previous=previous)

    def described(self, lease: Lease, model: ModelMetadata) -> Evaluation:
        """The candidate loads, and this is what it says of itself."""
        self._require_held(lease)
        return self._moved(self.state, model=model)

    def progressed(self, lease: Lease) -> Evaluation:
        """Games were recorded, which proves that the worker can play: the count of attempts begins anew."""
        self._require_held(lease)
        return self._moved(self.state, attempts=0)

    def released(self, lease: Lease, *, counted: bool) -> Evaluation:
        """Back into the queue; an attempt that was not the worker's fault is not `counted`."""
        self._require_held(lease)
        attempts = self.attempts if counted else max(self.attempts - 1, 0)
        return self._moved(EvaluationState.QUEUED, attempts=attempts, **_UNHELD)

    def worker_lost(self, lease: Lease, reason: str, most_attempts: int) -> Evaluation:
        """The worker died: another one tries, unless as many as may have died in a row without recording a game."""
        if self.attempts >= most_attempts:
            return self.failed(lease, "worker_lost", reason)
        return self.released(lease, counted=True)

    def completed(self, lease: Lease, evidence: Evidence) -> Evaluation:
        """It ends with evidence."""
        self._require_held(lease)
        return self._moved(EvaluationState.COMPLETED, evidence=evidence, ended_at=self.seen_at, **_UNHELD)

    def failed(self, lease: Lease, code: FailureCode, reason: str) -> Evaluation:
        """It ends without evidence."""
        self._require_held(lease)
        return self._failed(code, reason)

    # the operator's move

    def cancelled(self) -> Evaluation:
        """An operator ends it without evidence; whoever plays it loses the lease."""
        if self.has_ended:
            raise EndedError(f"the evaluation has already ended: it is {self.state}")
        return self._failed("cancelled", "cancelled by an operator")

    def _require(self, state: EvaluationState) -> None:
        if self.state is not state:
            raise MoveRefusedError(f"evaluation {self.id} is {self.state}, not {state}")

    def _require_held(self, lease: Lease) -> None:
        if (self.id, self.lease_owner) != (lease.evaluation_id, lease.owner):
            raise LeaseLostError(f"evaluation {self.id} is not {lease.owner}'s: it is {self.state}")

    def _supplied(self, lacked: str, **found: Any) -> Evaluation:
        """What was lacking has come; queued as soon as nothing more is."""
        self._require(EvaluationState.RECEIVED)
        if self.lacks != lacked:
            raise MoveRefusedError(f"evaluation {self.id} does not wait for {lacked}")
        lacks = replace(self, **found).lacks
        return self._moved(self.state if lacks else EvaluationState.QUEUED, waits_for=lacks, **found)

    def _failed(self, code: FailureCode, reason: str) -> Evaluation:
        said = {"failure_code": code, "failure_reason": storable(reason, LONGEST_REASON)}
        return self._moved(EvaluationState.FAILED, **said, waits_for=None, ended_at=self.seen_at, **_UNHELD)

    def _moved(self, state: EvaluationState, **changes: Any) -> Evaluation:
        return replace(self, state=state, revision=self.revision + 1, **changes)


_UNHELD: dict[str, Any] = {"lease_owner": None, "lease_until": None}
