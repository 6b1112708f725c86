"""What the front door shows of the gauntlet service, which has its own process and may be away."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from services.promotion.errors import GauntletUnreachableError
from shared.contract.gauntlet_daemon import GauntletDaemon
from shared.contract.words import EvaluationState, FailureCode
from shared.process.http_client import bounded

LONGEST_DETAIL = 500
PAGE = 1000
OPEN_STATES = (EvaluationState.RECEIVED, EvaluationState.QUEUED, EvaluationState.RUNNING)
STATUS_SECONDS = 2.0
"""For how long the front door's own status may wait."""


class Announced(BaseModel):
    """What a trainer announced, as the gauntlet service tells it everywhere."""

    id: UUID
    source: str
    event_id: str
    configuration: str | None
    reason: str | None
    event: dict[str, Any]

    @property
    def model(self) -> str | None:
        """The model by what the trainer called it."""
        data = self.event.get("data")
        found = (data.get("model_path") or data.get("digest")) if isinstance(data, dict) else None
        return found if isinstance(found, str) else None


class AnnouncedTraining(Announced):
    """What a trainer announced, as far as the front door shows it."""

    received_at: datetime


class FailedEvaluation(BaseModel):
    """An evaluation that ended without evidence."""

    id: UUID
    configuration: str
    model_path: str | None
    digest: str | None
    failure_code: FailureCode
    failure_reason: str
    ended_at: datetime


class OpenEvaluation(BaseModel):
    """An evaluation that has not ended; `digest`: of its model, once that is known."""

    digest: str | None


class GauntletStatus(BaseModel):
    """What the gauntlet service says of itself, as far as the front door shows it."""

    daemon: GauntletDaemon
    trainings: list[AnnouncedTraining] = []
    failed: list[FailedEvaluation] = []


class OpenEvaluations(BaseModel):
    """A page of evaluations that have not ended."""

    items: list[OpenEvaluation]
    next: UUID | None


class GauntletClient:
    """The gauntlet service over HTTP. An unreachable service is said to be unreachable, never empty."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url

    async def status(self) -> GauntletStatus:
        """Its GET /status, or why there is none."""
        try:
            answer = await self._client.get(f"{self._url}/status", extensions=bounded(seconds=STATUS_SECONDS))
            answer.raise_for_status()
            return GauntletStatus.model_validate_json(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            return GauntletStatus(
                daemon=GauntletDaemon(status="unreachable", detail=f"{self._url}/status: {error!r}"[:LONGEST_DETAIL])
            )

    async def open_models(self) -> set[str]:
        """The digests of the models that are evaluated, or wait for it. GauntletUnreachableError if nobody can say."""
        found = set[str]()
        for state in OPEN_STATES:
            before: UUID | None = None
            while True:
                asked: dict[str, str | int] = {"state": state, "limit": PAGE}
                asked |= {"before": str(before)} if before else {}
                page = await self._page(asked)
                found |= {each.digest for each in page.items if each.digest}
                if (before := page.next) is None:
                    break
        return found

    async def _page(self, asked: Mapping[str, str | int]) -> OpenEvaluations:
        try:
            answer = await self._client.get(f"{self._url}/v1/evaluations", params=dict(asked))
            answer.raise_for_status()
            return OpenEvaluations.model_validate_json(answer.content)
        except (httpx.HTTPError, ValueError) as error:
            raise GauntletUnreachableError(f"the gauntlet service does not say what it evaluates: {error!r}") from None
