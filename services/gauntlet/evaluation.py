"""The evaluation: its states, the moves between them, and who may make each. Pure.

    received ──────▶ queued ──────▶ running ──────▶ completed
       │               │               │
       └───────────────┴───────────────┴──────────▶ failed

    who                            moves
    the service                    taken_in, ruled_by, stalled, rejected; all of `received`
    the first claim of its games   begun; of `queued`
    whoever holds a claim          described, recognised, progressed, spent, held_up, could_not_meet, completed; of `running`
    the clock                      overdue, without_panel; of `running`
    an operator                    cancelled; of whatever has not ended

A move gives the evaluation as it is afterwards, with the next revision, or raises; the ends are final. The clock is the database's:
`seen_at` is its time when the evaluation was read. Who holds which games is claim.py's. A new state is a member of
words.EvaluationState and its moves here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.gauntlet.announced import Announced
from services.gauntlet.confinement import weaker
from services.gauntlet.cost import NO_COST, Cost
from services.gauntlet.errors import EndedError, MoveRefusedError
from services.gauntlet.feedback_loop import PlannedEvaluation
from services.gauntlet.playable import Playable
from shared.contract.configuration import Configuration, has_heuristic
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata, PanelMember, opponents_to_meet
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.trace import new_traceparent
from shared.contract.words import (
    LONGEST_REASON,
    Confinement,
    EvaluationReason,
    EvaluationState,
    FailureCode,
    OpponentName,
    storable,
)
from shared.storage.artifacts import Artifact

ENDED = (EvaluationState.COMPLETED, EvaluationState.FAILED)
OPEN = tuple(state for state in EvaluationState if state not in ENDED)
TO_BE_SEEN: tuple[EvaluationReason, ...] = ("request", "review")
"""Reasons for which games are played though it is known that nothing will come of them."""
FOR_MODEL = "the model file to be taken into the artifact store"
FOR_POLICY = "the promotion service's gate policy"


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
    panel: tuple[PanelMember, ...] = ()
    model: ModelMetadata | None = None
    confinement: Confinement | None = None
    attempts: int = 0
    cost: Cost = NO_COST
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
    def gated(self) -> list[OpponentName]:
        """Whom the candidate meets for its gates, in this order; nobody where games are skipped."""
        heuristic = has_heuristic(self.configuration.board_type)
        return [] if self.skip_games else opponents_to_meet(self.playable.gates, self.previous, heuristic=heuristic)

    @property
    def opponents(self) -> list[OpponentName]:
        """Whom the candidate meets, in this order: for its gates, and when it has passed them the panel."""
        return [*self.gated, *(each.opponent for each in self.panel)]

    @property
    def silenced(self) -> set[OpponentName]:
        """Those of the panel that cannot be met any more."""
        return {each.opponent for each in self.panel if each.silenced is not None}

    def canonical_met(self, opponent: OpponentName | None) -> CanonicalReference | None:
        """The canonical version that plays as this opponent, and `previous` as any other; None where there is none."""
        return next((each.canonical for each in self.panel if each.opponent == opponent), self.previous)

    @property
    def title(self) -> str:
        """What people call its model: the path that was announced, or else its digest."""
        return self.model_path or f"the model {self.digest or self.announced_digest}"

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

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

    # the moves of those who play

    def begun(
        self, canonical: CanonicalReference | None, panel: Sequence[PanelMember] = (), *, is_canonical: bool = False
    ) -> Evaluation:
        """Its first games are claimed, which fixes the canonical versions that are met; it may be the first itself."""
        self._require(EvaluationState.QUEUED)
        met = self._beside_itself() if is_canonical else {"previous": canonical, "panel": tuple(panel)}
        return self._moved(EvaluationState.RUNNING, started_at=self.seen_at, **met)

    def learns_from(self, model: ModelMetadata, confinement: Confinement | None) -> bool:
        """Whether a worker that loaded the candidate says anything new: what it is, or that it was less confined there."""
        return self.model is None or weaker(self.confinement, confinement) != self.confinement

    def described(self, model: ModelMetadata, confinement: Confinement | None) -> Evaluation:
        """The candidate loads, and this is what it says of itself; the confinement that is kept is the weakest on any worker."""
        self._require(EvaluationState.RUNNING)
        kept = self.model or model
        return self._moved(self.state, model=kept, confinement=weaker(self.confinement, confinement))

    def recognised(self, seed: int, *, is_canonical: bool) -> Evaluation:
        """Its weights were seen before, with this seed, or are the canonical version's; the same evaluation where that is known."""
        self._require(EvaluationState.RUNNING)
        if seed == self.seed and not is_canonical:
            return self
        return self._moved(self.state, seed=seed, **(self._beside_itself() if is_canonical else {}))

    def progressed(self, cost: Cost) -> Evaluation:
        """Games were recorded, which proves that workers can play it: the count of those that died begins anew."""
        self._require(EvaluationState.RUNNING)
        return self._moved(self.state, attempts=0, waits_for=None, cost=self.cost.plus(cost))

    def held_up(self, trouble: str) -> Evaluation:
        """A worker lacks something at this moment and gave its games back: that is shown until games are recorded."""
        self._require(EvaluationState.RUNNING)
        return self._moved(self.state, waits_for=storable(trouble, LONGEST_REASON))

    def worker_lost(self, reason: str, most_attempts: int) -> Evaluation:
        """A worker died of it: another one tries, unless as many as may have died in a row without recording a game."""
        self._require(EvaluationState.RUNNING)
        if self.attempts + 1 >= most_attempts:
            return self.failed("worker_lost", reason)
        return self._moved(self.state, attempts=self.attempts + 1)

    def spent(self, cost: Cost) -> Evaluation:
        """Its games have cost so much more; the same evaluation for nothing."""
        self._require(EvaluationState.RUNNING)
        return self if cost == NO_COST else self._moved(self.state, cost=self.cost.plus(cost))

    def could_not_meet(
        self, opponent: OpponentName | None, code: FailureCode, reason: str, most_attempts: int
    ) -> Evaluation:
        """Games against an opponent cannot be played: another worker tries, if this one died; else it ends without evidence, or
        goes on without that version of the panel, which decides nothing."""
        muted = opponent in {each.opponent for each in self.panel}
        if code == "worker_lost" and not (muted and self.attempts + 1 >= most_attempts):
            return self.worker_lost(reason, most_attempts)
        return self.without_panel(reason, opponent) if muted else self.failed(code, reason)

    def without_panel(self, reason: str, opponent: OpponentName | None = None) -> Evaluation:
        """A version of the panel is met no more, or none of those that are met yet; `reason` says why."""
        self._require(EvaluationState.RUNNING)
        said = {"silenced": storable(reason, LONGEST_REASON)}
        panel = tuple(
            each.model_copy(update=said) if opponent in (None, each.opponent) and each.silenced is None else each
            for each in self.panel
        )
        return self._moved(self.state, panel=panel, attempts=0)

    def completed(self, evidence: Evidence) -> Evaluation:
        """It ends with evidence."""
        self._require(EvaluationState.RUNNING)
        return self._moved(EvaluationState.COMPLETED, evidence=evidence, waits_for=None, ended_at=self.seen_at)

    def failed(self, code: FailureCode, reason: str) -> Evaluation:
        """It ends without evidence."""
        self._require(EvaluationState.RUNNING)
        return self._failed(code, reason)

    # the clock's move

    def overdue(self, seconds: float, games: int) -> Evaluation:
        """It has been played for longer than it may: `games` were recorded."""
        reason = (
            f"it has been played for more than {seconds:g} s, with {games} games recorded and {self.cost.cpu_seconds:.0f} "
            f"processor seconds used; let it take longer (RINGRIFT_GAUNTLET_EVALUATION_SECONDS) or give it more workers"
        )
        return self.failed("too_slow", reason)

    # the operator's move

    def cancelled(self) -> Evaluation:
        """An operator ends it without evidence; whoever plays it is told with the next report."""
        if self.has_ended:
            raise EndedError(f"the evaluation has already ended: it is {self.state}")
        return self._failed("cancelled", "cancelled by an operator")

    def _beside_itself(self) -> dict[str, Any]:
        """Whom the canonical version meets. A model never meets itself, and its games are played only for who wants to see them:
        whatever they say, nothing comes of it."""
        skip = self.skip_games or self.reason not in TO_BE_SEEN
        return {"previous": None, "panel": (), "skip_games": skip}

    def _require(self, state: EvaluationState) -> None:
        if self.state is not state:
            raise MoveRefusedError(f"evaluation {self.id} is {self.state}, not {state}")

    def _supplied(self, lacked: str, **found: Any) -> Evaluation:
        """What was lacking has come; queued as soon as nothing more is."""
        self._require(EvaluationState.RECEIVED)
        if self.lacks != lacked:
            raise MoveRefusedError(f"evaluation {self.id} does not wait for {lacked}")
        lacks = replace(self, **found).lacks
        return self._moved(self.state if lacks else EvaluationState.QUEUED, waits_for=lacks, **found)

    def _failed(self, code: FailureCode, reason: str) -> Evaluation:
        said = {"failure_code": code, "failure_reason": storable(reason, LONGEST_REASON)}
        return self._moved(EvaluationState.FAILED, **said, waits_for=None, ended_at=self.seen_at)

    def _moved(self, state: EvaluationState, **changes: Any) -> Evaluation:
        return replace(self, state=state, revision=self.revision + 1, **changes)
