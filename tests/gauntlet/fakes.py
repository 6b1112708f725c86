"""The neighbours of the intake without a database, a process or a network.

Evaluations in memory move by their own rules (evaluation.py), so that what is shown with them holds for recorded ones.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from services.gauntlet.evaluation import Evaluation
from services.gauntlet.feedback_loop import seed_of
from services.gauntlet.policies import PolicyUnknownError
from shared.contract.configuration import Configuration
from shared.contract.evidence import CanonicalReference, Evidence, ModelMetadata
from shared.contract.policy import GatePolicy, PlayPolicy
from shared.contract.words import EvaluationState, FailureCode
from shared.storage.artifacts import Artifact

SEED = 42
NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "0" * 64
POLICY = GatePolicy(games=4)
ARTIFACT = Artifact(DIGEST, 7)
MODEL = ModelMetadata(architecture="mlp", parameters=3)
EVIDENCE = Evidence(
    seed=SEED, policy_id=POLICY.id, gates=POLICY, play=PlayPolicy(), opponents=[], duration_seconds=0, cpu_seconds=0
)
PREVIOUS = CanonicalReference(version=3, digest="1" * 64)


def received(**changed: Any) -> Evaluation:
    """A new evaluation, of a model file."""
    base = Evaluation(
        id=uuid4(), configuration=Configuration("hex8", 2), reason="training", requested_at=NOW, seen_at=NOW,
        play=PlayPolicy(), model_path="models/a.pth",
    )  # fmt: skip
    return replace(base, **changed)


def queued(**changed: Any) -> Evaluation:
    """An evaluation that waits to be played."""
    ready = received(gates=POLICY, policy_id=POLICY.id).taken_in(ARTIFACT, SEED)
    return replace(ready, **changed)


def running(**changed: Any) -> Evaluation:
    """An evaluation that is played, with a model that is known to load."""
    return replace(queued().begun(None), model=MODEL, **changed)


@dataclass
class FakeEvaluations:
    """Evaluations in memory. `now`: its clock; `ends`: the events of ends that were emitted."""

    rows: dict[UUID, Evaluation] = field(default_factory=dict)
    ends: list[UUID] = field(default_factory=list)
    now: datetime = NOW

    def add(self, evaluation: Evaluation) -> Evaluation:
        """Record an evaluation as it is."""
        self.rows[evaluation.id] = evaluation
        return evaluation

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on."""
        self.now += timedelta(seconds=seconds)

    def save(self, moved: Evaluation) -> Evaluation:
        """Write a move, and note the event of an end."""
        assert moved.revision == self.rows[moved.id].revision + 1, "not the next revision"
        assert not self.rows[moved.id].has_ended, "an ended evaluation changed"
        if moved.has_ended:
            self.ends.append(moved.id)
        return self.add(moved)

    async def changes(self, sweep: float) -> AsyncIterator[None]:
        """One change, and no more: the loops of tests end."""
        yield

    async def without_model(self) -> list[Evaluation]:
        return [each for each in self._received() if each.digest is None]

    async def without_policy(self) -> list[Evaluation]:
        return [each for each in self._received() if each.digest is not None]

    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None:
        now = self.read(evaluation_id)
        self.save(now.taken_in(artifact, seed_of(now.configuration, artifact.digest)))

    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None:
        self.save(self.read(evaluation_id).ruled_by(policy))

    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None:
        self.save(self.read(evaluation_id).rejected(code, reason))

    async def stalled(self, evaluation_id: UUID, trouble: str) -> None:
        stalled = self.read(evaluation_id).stalled(trouble)
        if stalled != self.read(evaluation_id):
            self.save(stalled)

    def read(self, evaluation_id: UUID) -> Evaluation:
        """An evaluation, seen now."""
        return replace(self.rows[evaluation_id], seen_at=self.now)

    def _received(self) -> list[Evaluation]:
        return [self.read(each.id) for each in self.rows.values() if each.state is EvaluationState.RECEIVED]


@dataclass
class FakePolicies:
    """Knows one policy, or has the trouble to say so."""

    known: GatePolicy | None = None
    trouble: PolicyUnknownError = field(default_factory=lambda: PolicyUnknownError("no policy today"))
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    async def policy(self, configuration: Configuration, games: int | None) -> GatePolicy:
        self.asked.append((str(configuration), games))
        if self.known is None:
            raise self.trouble
        return self.known
