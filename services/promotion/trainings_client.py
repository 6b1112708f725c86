"""Trainings and evaluations as the gauntlet service tells them, as far as pages show them. It may be away."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from services.promotion.errors import GauntletUnreachableError, UnknownError
from services.promotion.gauntlet_client import LONGEST_DETAIL, OPEN_STATES, Announced
from shared.contract.words import EvaluationState, FailureCode, TrainingState
from shared.process.http_client import bounded

SECONDS = 10.0
Answer = TypeVar("Answer", bound=BaseModel)


class Announcement(Announced):
    """What a trainer announced, and what became of it."""

    door: str
    state: TrainingState
    evaluation_id: UUID | None
    evaluation_state: EvaluationState | None
    received_at: datetime | None


class Announcements(BaseModel):
    """A page of trainings."""

    items: list[Announcement]
    next: UUID | None


class Play(BaseModel):
    """An evaluation's moments."""

    id: UUID
    configuration: str
    reason: str
    state: EvaluationState
    waits_for: str | None
    digest: str | None
    model_path: str | None
    failure_code: FailureCode | None
    failure_reason: str | None
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class Plays(BaseModel):
    """A page of evaluations."""

    items: list[Play]
    next: UUID | None


class TrainingsClient:
    """The gauntlet service over HTTP. UnknownError, GauntletUnreachableError."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def trainings(self, before: UUID | None, limit: int) -> Announcements:
        """What trainers announced, newest first."""
        return await self._read("/v1/trainings", Announcements, before=str(before) if before else None, limit=limit)

    async def training(self, known: UUID) -> Announcement:
        """One announcement."""
        return await self._read(f"/v1/trainings/{known}", Announcement)

    async def evaluation(self, known: UUID) -> Play:
        """One evaluation."""
        return await self._read(f"/v1/evaluations/{known}", Play)

    async def open_evaluations(self, configuration: str, limit: int) -> list[Play]:
        """Those of a configuration that have not ended, newest first."""
        found: list[Play] = []
        for state in reversed(OPEN_STATES):
            asked: dict[str, str | int | None] = {"configuration": configuration, "state": state.value, "limit": limit}
            found += (await self._read("/v1/evaluations", Plays, **asked)).items
        return found

    async def _read(self, path: str, kind: type[Answer], **asked: str | int | None) -> Answer:
        given = {name: each for name, each in asked.items() if each is not None}
        try:
            answer = await self._client.get(f"{self._url}{path}", params=given, extensions=bounded(seconds=SECONDS))
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise UnknownError(f"the gauntlet service has nothing at {path}")
            answer.raise_for_status()
            return kind.model_validate_json(answer.content)
        except (httpx.HTTPError, ValidationError) as error:
            raise GauntletUnreachableError(f"the gauntlet service does not say: {error!r}"[:LONGEST_DETAIL]) from None
