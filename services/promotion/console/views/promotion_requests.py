"""What a person asked for, and what becomes of it: asked for again until it has ended."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from services.promotion.console.desk import Model
from services.promotion.console.read_model import ReadModel
from services.promotion.console.rendering import Part, Seen, fill, fragment, page
from services.promotion.console.routes import new_pages
from services.promotion.console.visit import Visit
from services.promotion.errors import GauntletUnreachableError
from services.promotion.gauntlet_reader import SeenEvaluation

router = new_pages()


@router.get("/promotion-requests/{request_id}")
async def promotion_request(request: Request, model: Model, request_id: UUID) -> Response:
    """A promotion request."""
    visit = Visit.of(request)
    return page(request, "promotion_request.html", part=(await _part(visit, model, request_id)).html(visit))


@router.get("/promotion-requests/{request_id}/part")
async def promotion_request_part(request: Request, model: Model, request_id: UUID, seen: Seen = None) -> Response:
    """What of it changes."""
    visit = Visit.of(request)
    return fragment(visit, await _part(visit, model, request_id), seen)


async def _part(visit: Visit, model: ReadModel, request_id: UUID) -> Part:
    asked = await model.service.requests.read(request_id)
    decision = await model.service.decisions.read(asked.decision_id) if asked.decision_id else None
    version = decision.canonical_version or 0 if decision else 0
    content = fill(
        "promotion_request_part.html", visit, asked=asked, evaluations=await _evaluations(model, request_id),
        version=version + 1, state=asked.state.value,
    )  # fmt: skip
    return Part(f"/promotion-requests/{request_id}/part", content, not asked.is_open)


async def _evaluations(model: ReadModel, request_id: UUID) -> list[SeenEvaluation]:
    """The evaluations that were made for it, newest first; none while the gauntlet cannot be asked."""
    try:
        return (await model.evaluations({"request_id": str(request_id), "limit": 20})).items
    except GauntletUnreachableError:
        return []
