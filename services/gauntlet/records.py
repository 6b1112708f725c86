"""What the background work needs of the records of evaluations: the seam between it and the service, which tests stand in for.

Each call is one transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from play.record import PlayedGame
from services.gauntlet.announced import NOTHING_ANNOUNCED, Announced
from services.gauntlet.backlog import Backlogged, Standing
from services.gauntlet.evaluation import Evaluation
from services.gauntlet.worker.work import Work, WorkAnswer, WorkFailure, WorkReport, WorkWish
from shared.contract.policy import GatePolicy
from shared.contract.words import FailureCode, OpponentName
from shared.storage.artifacts import Artifact


class Begun(NamedTuple):
    """An evaluation with its recorded games, and the networks that the candidate and the canonical versions were announced with."""

    evaluation: Evaluation
    played: list[PlayedGame]
    candidate: Announced = NOTHING_ANNOUNCED
    met: Mapping[OpponentName, Announced] = {}


class Waiting(Protocol):
    """Evaluations that wait for their model or their policy; `GauntletService` says what each does."""

    def changes(self, sweep: float) -> AsyncIterator[None]: ...
    async def without_model(self) -> list[Evaluation]: ...
    async def without_policy(self) -> list[Evaluation]: ...
    async def taken_in(self, evaluation_id: UUID, artifact: Artifact) -> None: ...
    async def ruled_by(self, evaluation_id: UUID, policy: GatePolicy) -> None: ...
    async def rejected(self, evaluation_id: UUID, code: FailureCode, reason: str) -> None: ...
    async def stalled(self, evaluation_id: UUID, trouble: str) -> None: ...


class Refusals(Protocol):
    """What was refused on sight."""

    async def refused_models(self) -> list[tuple[UUID, str]]: ...


class WorkRecords(Protocol):
    """Games that are handed out and come back; `WorkService` says what each does."""

    def changes(self, sweep: float) -> AsyncIterator[None]: ...
    async def claim(self, wishes: Sequence[WorkWish]) -> list[Work | None]: ...
    async def report(self, claim_id: UUID, report: WorkReport) -> WorkAnswer: ...
    async def keep(self, claim_ids: Sequence[UUID]) -> list[WorkAnswer | None]: ...
    async def fail(self, claim_id: UUID, failure: WorkFailure) -> None: ...
    async def give_back(self, claim_id: UUID, reason: str | None = None) -> None: ...
    async def end_overdue(self) -> None: ...
    async def backlog(self) -> list[Backlogged]: ...
    async def standing(self) -> Standing: ...
