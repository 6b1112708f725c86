"""The signed pointer's files, as nodes read them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Request, Response

from services.distribution.pointer_mirror import PointerMirror
from shared.contract.signed_pointer import FILE_PATTERN, TIMESTAMP
from shared.web.application import new_router
from shared.web.keys import NODE
from shared.web.problems import NotFound, problems

router = new_router("nodes", prefix="/v1/signed-pointer", needs=NODE)
Name = Annotated[str, Path(pattern=FILE_PATTERN, description="As a TUF repository names it", examples=[TIMESTAMP])]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "Signed metadata", "content": {"application/json": {"schema": {"type": "object"}}}},
    **problems(NotFound),
}


def mirror_of(request: Request) -> PointerMirror:
    """What the promotion service signed."""
    mirror: PointerMirror = request.app.state.pointer
    return mirror


@router.get("/{name}", response_class=Response, responses=ANSWERS)
async def read_signed_pointer(mirror: Annotated[PointerMirror, Depends(mirror_of)], name: Name) -> Response:
    """A file of the metadata with which nodes verify what is canonical, as the promotion service signed it."""
    return Response(await mirror.file(name), media_type="application/json")
