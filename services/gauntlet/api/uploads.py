"""Models that trainers send instead of laying them into a shared folder; a digest is announced afterwards."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request

from services.gauntlet.api.problems import NoRoom, UploadOffset, UploadRefused
from services.gauntlet.schemas import UploadView
from services.gauntlet.uploads import Uploads
from shared.contract.words import Digest
from shared.web.application import new_router
from shared.web.keys import TRAIN, TRAININGS
from shared.web.problems import problems

router = new_router("uploads", prefix="/v1/uploads", needs=TRAININGS)
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The next bytes, RINGRIFT_MOST_BODY_BYTES of them at most; none, to have what is there finished",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}, "example": "..."}},
    }
}
MOST = 2**40


async def uploads_of(request: Request) -> Uploads:
    """Who takes them."""
    uploads: Uploads = request.app.state.uploads
    return uploads


Taker = Annotated[Uploads, Depends(uploads_of)]
Named = Annotated[Digest, Path()]


@router.get("/{digest}")
async def read_upload(request: Request, uploads: Taker, digest: Named) -> UploadView:
    """How many bytes of a model are here, so where the next piece begins, and how large that may be."""
    return _view(request, digest, await uploads.state(digest))


@router.put(
    "/{digest}", dependencies=[TRAIN], openapi_extra=BODY, responses=problems(UploadOffset, UploadRefused, NoRoom)
)
async def send_upload(
    request: Request,
    uploads: Taker,
    digest: Named,
    offset: Annotated[int, Query(ge=0, le=MOST, description="Where in the model the piece begins", examples=[0])],
    size: Annotated[int, Query(ge=1, le=MOST, description="Bytes of the whole model", examples=[25_612])],
) -> UploadView:
    """Send the next piece of a model. With the last one it is hashed, and is an artifact if that is its digest; then announce the
    digest. The same model again changes nothing."""
    return _view(request, digest, await uploads.take(digest, offset, size, await request.body()))


def _view(request: Request, digest: str, found: tuple[int, bool]) -> UploadView:
    offset, complete = found
    return UploadView(
        digest=digest, offset=offset, complete=complete, most_piece_bytes=request.app.state.most_piece_bytes
    )
