"""The signed pointer's files, as TUF clients read them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Response

from services.promotion.api.dependencies import Service
from shared.contract.signed_pointer import FILE_PATTERN, TIMESTAMP
from shared.web.application import new_router
from shared.web.problems import NotFound, problems

router = new_router("pointer", prefix="/v1/signed-pointer")
Name = Annotated[str, Path(pattern=FILE_PATTERN, description="As a TUF repository names it", examples=[TIMESTAMP])]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Signed metadata", "content": {"application/json": {"schema": {"type": "object"}}}},
    **problems(NotFound),
}


@router.get("/{name}", response_class=Response, responses=ANSWERS)
async def read_signed_pointer(service: Service, name: Name) -> Response:
    """A file of the metadata with which nodes verify what is canonical: `1.root.json`, `timestamp.json`, and what that names."""
    return Response(await service.signed_pointer.file(name), media_type="application/json")
