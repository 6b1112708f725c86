"""Trainings, and what became of each, up to the last node."""

from __future__ import annotations

import asyncio
from uuid import UUID

from fastapi import Request, Response

from services.promotion.cluster_client import ClusterDistribution
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages
from services.promotion.console.timeline import Known, story
from services.promotion.console.visit import Visit
from services.promotion.errors import DistributionRefusedError, DistributionUnreachableError, UnknownError
from services.promotion.trainings_client import Announcement
from services.promotion.versions import CanonicalVersion

router = new_pages()
AT_ONCE = 50
UNTOLD = (DistributionUnreachableError, DistributionRefusedError, UnknownError)


@router.get("/timeline")
async def timelines_page(request: Request, before: UUID | None = None) -> Response:
    """What trainers announced, newest first."""
    found = await request.app.state.trainings.trainings(before, AT_ONCE)
    return page(request, "timelines.html", items=found.items, next=found.next)


@router.get("/timeline/{training_id}")
async def timeline_page(request: Request, training_id: UUID, seen: Seen = None) -> Response:
    """One training. With `seen` the part that changes."""
    announced: Announcement = await request.app.state.trainings.training(training_id)
    told = story(await _known(request, announced))
    visit = Visit.of(request)
    part = Part(f"/timeline/{training_id}", fill("timeline_part.html", visit, story=told), told.is_over)
    if seen is not None:
        return fragment(visit, part, seen)
    return page(request, "timeline.html", announced=announced, part=part.html(visit))


async def _known(request: Request, announced: Announcement) -> Known:
    if announced.evaluation_id is None:
        return Known(announced)
    play = await request.app.state.trainings.evaluation(announced.evaluation_id)
    decisions, versions = await request.app.state.service.lineage.came_of(announced.evaluation_id)
    told = await asyncio.gather(*(_distribution(request, each) for each in versions))
    return Known(announced, play, decisions, versions, [each for each in told if each is not None])


async def _distribution(request: Request, version: CanonicalVersion) -> ClusterDistribution | None:
    """None where the distribution service is away, or has yet to hear of the version; the rest is told all the same."""
    try:
        found: ClusterDistribution = await request.app.state.cluster.distribution(
            f"{version.configuration}:{version.version}"
        )
    except UNTOLD:
        return None
    return found
