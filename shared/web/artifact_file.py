"""A model file of the artifact store as an answer."""

from __future__ import annotations

from typing import Any

from fastapi.responses import FileResponse
from starlette import responses
from starlette.responses import MalformedRangeHeader

from shared.storage.artifacts import ArtifactFile
from shared.web.problems import MalformedRange, RangeNotSatisfiable, problems

BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file", "content": BYTES},
    206: {"description": "The part that the Range header asks for", "content": BYTES},
    **problems(MalformedRange, RangeNotSatisfiable),
}
"""What OpenAPI says of them."""


class ArtifactResponse(FileResponse):
    """A file in large chunks: a third less processor time for each byte than with the default size. Honours Range."""

    chunk_size = 1024 * 1024

    @classmethod
    def of(cls, file: ArtifactFile) -> ArtifactResponse:
        """The file under its digest, which never changes."""
        headers = {"ETag": f'"{file.digest}"', "Cache-Control": "public, max-age=31536000, immutable"}
        return cls(file.path, media_type="application/octet-stream", headers=headers)

    @classmethod
    def _parse_range_header(cls, http_range: str, file_size: int) -> list[tuple[int, int]]:
        """As Starlette reads it; what it cannot read is refused as everything else is."""
        try:
            return super()._parse_range_header(http_range, file_size)
        except MalformedRangeHeader:
            raise MalformedRange(f"{http_range!r} asks for no range of bytes, as bytes=0-99 does") from None
        except responses.RangeNotSatisfiable:
            there = {"Content-Range": f"bytes */{file_size}"}
            raise RangeNotSatisfiable(f"the file has {file_size} bytes", headers=there) from None
