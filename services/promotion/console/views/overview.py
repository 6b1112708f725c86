"""The first page: each configuration at a glance, and what needs a person."""

from __future__ import annotations

from fastapi import Request, Response

from services.promotion.console.rendering import page
from services.promotion.console.routes import new_pages

router = new_pages()


@router.get("/overview")
async def overview(request: Request) -> Response:
    """Each configuration's canonical version."""
    heads = await request.app.state.service.pointer.heads()
    return page(request, "overview.html", heads=heads.versions)
