"""What the pages show of evaluations: read from the gauntlet service, whose they are, and never kept here as the truth.

Its answers are read as far as pages show them; what it says beside that is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from services.promotion.errors import GauntletUnreachableError, UnknownError
from shared.contract.evidence import CanonicalReference, EloEstimate, Evidence, ScoreInterval
from shared.contract.policy import GatePolicy
from shared.contract.words import EvaluationState, GateVerdict, OpponentName
from shared.process.http_client import bounded

SECONDS = 5.0
"""For how long a page may wait."""
Answer = TypeVar("Answer", bound=BaseModel)
Asked = Mapping[str, str | int]


class SeenEvaluation(BaseModel):
    """An evaluation in a list."""

    id: UUID
    configuration: str
    reason: str
    state: EvaluationState
    revision: int
    waits_for: str | None
    model_path: str | None
    digest: str | None
    attempts: int
    failure_code: str | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.state not in (EvaluationState.COMPLETED, EvaluationState.FAILED)


class SeenEvaluations(BaseModel):
    """A page of them, newest first."""

    items: list[SeenEvaluation]
    next: UUID | None


class SeenOpponent(BaseModel):
    """The games against one opponent so far."""

    opponent: OpponentName
    games: int
    games_planned: int
    wins: int
    draws: int
    losses: int
    unscored: int
    win_rate: float | None
    interval: ScoreInterval | None
    threshold: float
    verdict: GateVerdict
    flip_margin: int | None
    games_left: int
    workers: int
    games_per_second: float | None
    seconds_left: float | None


class SeenPanel(BaseModel):
    """A version of the past that is met beside the gates."""

    version: int
    versions_ago: int
    silenced: str | None
    games: SeenOpponent


class SeenDetail(SeenEvaluation):
    """One evaluation, with its games by opponent."""

    previous: CanonicalReference | None
    gates: GatePolicy | None
    opponents: list[SeenOpponent]
    panel: list[SeenPanel]
    elo: EloEstimate | None
    evidence: Evidence | None


class SeenGame(BaseModel):
    """One recorded game."""

    opponent: OpponentName
    index: int
    seat: int
    outcome: str
    decisions: int
    error: str | None


class SeenGames(BaseModel):
    """A page of games, by opponent, in schedule order."""

    items: list[SeenGame]
    next: str | None


class SeenPoint(BaseModel):
    """What the first so many games against an opponent said of the win rate."""

    games: int
    mean: float | None
    low: float
    high: float


class SeenCourse(BaseModel):
    """How the interval of the win rate against one opponent closed."""

    opponent: OpponentName
    points: list[SeenPoint]


class SeenCourses(BaseModel):
    """Those of all opponents that were met."""

    items: list[SeenCourse]


class GauntletReader:
    """Reads the gauntlet service over HTTP. GauntletUnreachableError if it does not answer, UnknownError for what it lacks."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, f"{url}/v1/evaluations"

    async def evaluations(self, asked: Asked) -> SeenEvaluations:
        """A page of evaluations."""
        return await self._read("", SeenEvaluations, asked)

    async def evaluation(self, evaluation_id: UUID) -> SeenDetail:
        """One evaluation."""
        return await self._read(f"/{evaluation_id}", SeenDetail)

    async def games(self, evaluation_id: UUID, asked: Asked) -> SeenGames:
        """A page of its games."""
        return await self._read(f"/{evaluation_id}/games", SeenGames, asked)

    async def courses(self, evaluation_id: UUID) -> SeenCourses:
        """How the intervals of its win rates closed."""
        return await self._read(f"/{evaluation_id}/intervals", SeenCourses)

    async def _read(self, path: str, kind: type[Answer], asked: Asked | None = None) -> Answer:
        try:
            answer = await self._client.get(
                f"{self._url}{path}", params=dict(asked or {}), extensions=bounded(seconds=SECONDS)
            )
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise UnknownError(f"there is no evaluation {path.split('/')[1]}")
            answer.raise_for_status()
            return kind.model_validate_json(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise GauntletUnreachableError(
                f"the gauntlet service does not say what it evaluates: {error!r}"[:500]
            ) from None
