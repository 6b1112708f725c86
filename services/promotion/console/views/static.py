"""The files of the pages, under addresses that hold their hash."""

from __future__ import annotations

from fastapi import Response

from services.promotion.console.routes import new_pages
from services.promotion.console.static_files import static_files
from services.promotion.errors import UnknownError

router = new_pages()
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/static/{file_hash}/{name:path}")
async def static_file(file_hash: str, name: str) -> Response:
    """A file, if these are its bytes."""
    file = static_files().get(name)
    if file is None or file.hash != file_hash:
        raise UnknownError(f"there is no file {name} with that hash")
    return Response(file.content, media_type=file.media_type, headers=FOR_EVER)
