"""What pages read: of the ledger here and of the two other services, each asked once for all pages that are open.

It reads and keeps for a moment; what changes something goes to the use cases.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from services.promotion.console.snapshots import Snapshots
from services.promotion.gauntlet_reader import (
    Asked,
    GauntletReader,
    SeenCourses,
    SeenDetail,
    SeenEvaluations,
    SeenGames,
)
from services.promotion.overview import assemble
from services.promotion.schemas import SuiteStatus
from services.promotion.service import PromotionService
from shared.messaging.inbox import Inbox

STATUS_SECONDS = 2.0
LIST_SECONDS = 1.0
DETAIL_SECONDS = 1.0
COURSE_SECONDS = 60.0
OPEN = ("running", "queued", "received")
MOST_OPEN = 200
"""Evaluations of each open state that the overview counts."""


@dataclass(frozen=True)
class ReadModel:
    """`inbox`: of the service, whose events the overview shows."""

    service: PromotionService
    inbox: Inbox
    gauntlet: GauntletReader
    kept: Snapshots = field(default_factory=Snapshots)

    async def status(self) -> SuiteStatus:
        """The suite at a glance, as the API's /status has it."""
        return await self.kept.of("status", STATUS_SECONDS, partial(assemble, self.service, self.inbox))

    async def evaluations(self, asked: Asked) -> SeenEvaluations:
        """A page of evaluations, newest first."""
        name = f"evaluations {sorted(asked.items())}"
        return await self.kept.of(name, LIST_SECONDS, partial(self.gauntlet.evaluations, asked))

    async def evaluation(self, evaluation_id: UUID) -> SeenDetail:
        """One evaluation and how far it is."""
        name = f"evaluation {evaluation_id}"
        return await self.kept.of(name, DETAIL_SECONDS, partial(self.gauntlet.evaluation, evaluation_id))

    async def courses(self, seen: SeenDetail) -> SeenCourses:
        """How its intervals closed; asked for again when it has changed."""
        name = f"courses {seen.id} {seen.revision}"
        return await self.kept.of(name, COURSE_SECONDS, partial(self.gauntlet.courses, seen.id))

    async def games(self, evaluation_id: UUID, asked: Asked) -> SeenGames:
        """A page of its games."""
        return await self.gauntlet.games(evaluation_id, asked)

    async def open_evaluations(self) -> SeenEvaluations:
        """Those that have not ended: first what is played, then what waits."""
        pages = await asyncio.gather(*(self.evaluations({"state": state, "limit": MOST_OPEN}) for state in OPEN))
        return SeenEvaluations(items=[each for page in pages for each in page.items], next=None)
