"""The first page: each configuration at a glance, and what needs a person. Its part is asked for again while somebody looks."""

from __future__ import annotations

import asyncio

from fastapi import Request, Response

from services.promotion.console.desk import Model
from services.promotion.console.glance import lines, needs
from services.promotion.console.read_model import ReadModel
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages
from services.promotion.console.visit import Visit
from services.promotion.errors import GauntletUnreachableError
from services.promotion.gauntlet_reader import SeenEvaluation

router = new_pages()
SHOWN_EVENTS = 12


@router.get("/overview")
async def overview(request: Request, model: Model) -> Response:
    """Each configuration: its canonical version, what is played for it, the nodes that lack it."""
    visit = Visit.of(request)
    return page(request, "overview.html", part=(await _part(visit, model)).html(visit))


@router.get("/overview/part")
async def overview_part(request: Request, model: Model, seen: Seen = None) -> Response:
    """The same without its frame, if it is another one than the browser has."""
    visit = Visit.of(request)
    return fragment(visit, await _part(visit, model), seen)


async def _part(visit: Visit, model: ReadModel) -> Part:
    status, evaluations = await asyncio.gather(model.status(), _open(model))
    content = fill(
        "overview_part.html", visit, status=status, lines=lines(status, evaluations), needs=needs(status),
        events=status.recent_events[:SHOWN_EVENTS],
    )  # fmt: skip
    return Part("/overview/part", content)


async def _open(model: ReadModel) -> list[SeenEvaluation]:
    """What is played; nothing while the gauntlet is away, which the page says beside it."""
    try:
        return (await model.open_evaluations()).items
    except GauntletUnreachableError:
        return []
