"""Model files by digest, as those fetch them who check a verdict."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request

from shared.contract.words import Digest
from shared.storage.artifact_files import ArtifactFiles
from shared.web.application import new_router
from shared.web.artifact_file import ANSWERS, ArtifactResponse
from shared.web.keys import NODE
from shared.web.problems import NotFound, problems

router = new_router("artifacts", prefix="/v1/artifacts", needs=NODE)


@router.head("/{digest}", include_in_schema=False)
@router.get("/{digest}", response_class=ArtifactResponse, responses=ANSWERS | problems(NotFound))
async def read_artifact(request: Request, digest: Annotated[Digest, Path()]) -> ArtifactResponse:
    """A model file by the SHA-256 of its bytes; honours Range."""
    files: ArtifactFiles = request.app.state.artifacts
    file = await files.file(digest)
    if file is None:
        raise NotFound(f"there is no artifact {digest}")
    return ArtifactResponse.of(file)
