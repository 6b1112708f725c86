"""What the background work needs of the records of evaluations: the seam between it and the service, which tests stand in for.

Each call is one transaction. A runner's carry its lease, and raise LeaseLostError once that is lost.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet.evaluation import NOTHING_ANNOUNCED, Announced, Evaluation
from services.gauntlet.lease import Lease
from shared.contract.evidence import ModelMetadata
from shared.contract.policy import GatePolicy
from shared.contract.words import FailureCode
from shared.storage.artifacts import Artifact


class Claimed(NamedTuple):
    """An evaluation that a runner holds."""

    evaluation: Evaluation
    lease: Lease


class Begun(NamedTuple):
    """An evaluation whose attempt begins, the games that earlier attempts recorded, and the networks that the candidate and the
    canonical version were announced with."""

    evaluation: Evaluation
    played: list[PlayedGame]
    candidate: Announced = NOTHING_ANNOUNCED
    previous: Announced = NOTHING_ANNOUNCED


class Waiting(Protocol):
    """Evaluations that wait for their model or their policy; `GauntletService` says what each does."""

    def changes(self, sweep: float) -> AsyncIterator[None]: ...
    async def without_model(self) -> list[Evaluation]: ...
    async def without_policy(self) -> list[Evaluation]: ...
    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None: ...
    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None: ...
    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None: ...
    async def stalled(self, evaluation_id: UUID, trouble: str) -> None: ...


class Records(Protocol):
    """Evaluations that are played; `GauntletService` says what each does."""

    def changes(self, sweep: float) -> AsyncIterator[None]: ...
    async def claim(self) -> Claimed | None: ...
    async def begin(self, lease: Lease) -> Begun: ...
    async def keep(self, lease: Lease) -> bool: ...
    async def described(self, lease: Lease, model: ModelMetadata) -> None: ...
    async def played(self, lease: Lease, games: Sequence[PlayedGame]) -> None: ...
    async def completed(self, lease: Lease, cpu_seconds: float) -> None: ...
    async def failed(self, lease: Lease, code: FailureCode, reason: str) -> None: ...
    async def worker_lost(self, lease: Lease, reason: str) -> None: ...
    async def released(self, lease: Lease) -> None: ...
