"""One configuration: its canonical versions, how strong they were found to be, what was decided, what is played."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request, Response

from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages
from services.promotion.errors import GauntletUnreachableError
from services.promotion.versions import CanonicalVersion
from shared.contract.evidence import EloEstimate
from shared.contract.words import MOST_VERSION, ConfigurationKey

router = new_pages()
AT_ONCE, FEW = 50, 10


@router.get("/configurations/{configuration}")
async def configuration_page(
    request: Request,
    configuration: ConfigurationKey,
    before: Annotated[int | None, Query(ge=1, le=MOST_VERSION)] = None,
) -> Response:
    """The configuration now, and its history from a version backwards."""
    service = request.app.state.service
    found: list[CanonicalVersion] = await service.pointer.history(configuration, before, AT_ONCE + 1)
    versions = found[:AT_ONCE]
    strengths = await service.lineage.strengths(configuration, {each.digest for each in versions})
    (playing, silent), decisions, holds = await asyncio.gather(
        _open(request, configuration),
        service.decisions.page(configuration, None, FEW),
        service.holds.page(configuration, None, FEW, lifted=False),
    )
    return page(
        request, "configuration.html", configuration=configuration, versions=versions, strengths=strengths, playing=playing,
        silent=silent, decisions=decisions, holds=holds, head=versions[0] if versions and before is None else None, before=before,
        next=versions[-1].version if len(found) > AT_ONCE else None, series=_elo_series(versions, strengths),
    )  # fmt: skip


async def _open(request: Request, configuration: str) -> tuple[Sequence[Any], str | None]:
    """What is played or waits to be, and why nobody says, if so: the rest of the page is shown all the same."""
    try:
        return await request.app.state.trainings.open_evaluations(configuration, FEW), None
    except GauntletUnreachableError as error:
        return (), str(error)


def _elo_series(versions: Sequence[CanonicalVersion], strengths: dict[str, EloEstimate]) -> list[list[float | None]]:
    """Versions, low ends, high ends and ratings for a chart; nothing where fewer than two are known."""
    known = [(each.version, strengths[each.digest]) for each in reversed(versions) if each.digest in strengths]
    if len(known) < 2:
        return []
    lows, highs = [each.low for _, each in known], [each.high for _, each in known]
    return [[float(number) for number, _ in known], lows, highs, [each.rating for _, each in known]]
