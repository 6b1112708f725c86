"""The artifact store: model files under the SHA-256 of their bytes, immutable once taken in.

A path is only where bytes are read from; from the moment a file is taken in, the digest is its identity. These functions block:
call them from a thread. Nothing here deletes an artifact.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO, NamedTuple

from shared.contract.words import FailureCode
from shared.storage.files import SPARE_BYTES, copy_hashing, publish_file, temporary_file


class ArtifactError(Exception):
    """A file cannot be taken in or found; `code` is stable, the text is for people."""

    def __init__(self, code: FailureCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class PathRefusedError(ArtifactError):
    """A path leads out of the models folder, or is none."""

    def __init__(self, text: str) -> None:
        super().__init__("path_refused", text)


class ModelMissingError(ArtifactError):
    """There is no model file of that name, or no model with that digest."""

    def __init__(self, text: str) -> None:
        super().__init__("model_not_found", text)


class Artifact(NamedTuple):
    """A file in the store."""

    digest: str
    size: int
    path: Path


class ArtifactStore:
    """A folder of immutable files, named by digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: str) -> Path:
        """Where the file with that digest is, or would be."""
        return self._folder / "sha256" / digest[:2] / digest

    def find(self, digest: str) -> Artifact | None:
        """The artifact with that digest, None if it was never taken in."""
        try:
            size = self.path(digest).stat().st_size
        except FileNotFoundError:
            return None
        return Artifact(digest, size, self.path(digest))

    def take_in(self, source: Path) -> Artifact:
        """Copy a file into the store while hashing it; the copy is what the digest is of, whatever happens to the source."""
        if source.exists() and not source.is_file():  # opening a named pipe would wait for ever
            raise ModelMissingError(f"{source} is no regular file; give a model file")
        try:
            with source.open("rb") as stream:
                return self._take_in(stream, os.fstat(stream.fileno()).st_size)
        except FileNotFoundError:
            raise ModelMissingError(f"there is no model file at {source}") from None

    def _take_in(self, stream: IO[bytes], expected: int) -> Artifact:
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < expected + SPARE_BYTES:
            raise ArtifactError(
                "internal", f"the artifact store has {free} bytes free and needs {expected + SPARE_BYTES}"
            )
        with temporary_file(self._folder) as (temporary, target):
            digest, size = copy_hashing(stream, target)
            final = self.path(digest)
            if not final.exists():
                final.parent.mkdir(parents=True, exist_ok=True)
                temporary.chmod(0o444)
                publish_file(temporary, final)
        return Artifact(digest, size, final)


def resolve_inside(folder: Path, name: str) -> Path:
    """A path from a request or event, resolved inside `folder`; ArtifactError when it leads out of it.

    `models/x.pth`, as the runbook writes it, and `x.pth` both mean the file x.pth in the models folder.
    """
    root = folder.resolve()
    given = Path(name)
    if given.parts[:1] == (folder.name,):
        given = Path(*given.parts[1:])
    try:
        resolved = (root / given).resolve()
    except (OSError, ValueError) as error:
        raise PathRefusedError(f"{name!r} is no usable path: {error}") from None
    if not resolved.is_relative_to(root) or resolved == root:
        raise PathRefusedError(
            f"{name!r} is outside the models folder; give a path inside it, such as models/my_model.pth"
        )
    return resolved
