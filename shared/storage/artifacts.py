"""The artifact store: model files under the SHA-256 of their bytes, immutable once taken in.

A path is only where bytes are read from; from the moment a file is taken in, the digest is its identity. These functions block:
call them from a thread. Nothing here deletes an artifact.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from pathlib import Path
from typing import IO, NamedTuple

from shared.contract.words import FailureCode
from shared.storage.files import SPARE_BYTES, UNFINISHED, copy_hashing, publish_file, temporary_file

SHORTHAND = "models"
"""How a path in the models folder may begin, whatever the folder is called."""
LEFT_SECONDS = 3600.0
"""A file that nobody has written to for so long is not being taken in any more."""


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

    def take_in(self, source: Path, name: str | None = None, most_bytes: int | None = None) -> Artifact:
        """Copy a file into the store while hashing it; the copy is what the digest is of, whatever happens to the source.

        `name`: what messages call it. ArtifactError for what can never be taken in, OSError for what may be another time.
        """
        title = name or str(source)
        with open_model(source, title) as stream:
            size = os.fstat(stream.fileno()).st_size
            if most_bytes is not None and size > most_bytes:
                raise ArtifactError("model_invalid", f"{title} has {size} bytes: at most {most_bytes} are accepted")
            return self._take_in(stream, size)

    def sweep(self) -> int:
        """Delete what takings in that were killed have left behind; returns how many files. Others may be taking files in here."""
        old = [each for each in self._folder.glob(UNFINISHED) if time.time() - each.stat().st_mtime > LEFT_SECONDS]
        for each in old:
            each.unlink(missing_ok=True)
        return len(old)

    def _take_in(self, stream: IO[bytes], expected: int) -> Artifact:
        self._folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._folder).free
        if free < expected + SPARE_BYTES:
            text = f"the artifact store has {free} bytes free and needs {expected + SPARE_BYTES}"
            raise OSError(errno.ENOSPC, text)
        with temporary_file(self._folder) as (temporary, target):
            digest, size = copy_hashing(stream, target)
            final = self.path(digest)
            if not final.exists():
                final.parent.mkdir(parents=True, exist_ok=True)
                temporary.chmod(0o444)
                publish_file(temporary, final)
        return Artifact(digest, size, final)


_NEVER: dict[int, tuple[type[PathRefusedError | ModelMissingError], str]] = {
    errno.ENOENT: (ModelMissingError, "there is no model file {name}"),
    errno.ENOTDIR: (
        ModelMissingError,
        "there is no model file {name}: something on the way to it is a file, not a folder",
    ),
    errno.ENXIO: (ModelMissingError, "{name} is no regular file; give a model file"),
    errno.ELOOP: (PathRefusedError, "{name} is a link that leads back to itself; give the file"),
    errno.ENAMETOOLONG: (PathRefusedError, "{name} is too long for a file's name; most systems take 255 bytes"),
    errno.EACCES: (
        PathRefusedError,
        "{name} may not be read by this process (user {user}); give it the right, such as chmod a+r",
    ),
    errno.EPERM: (
        PathRefusedError,
        "{name} may not be read by this process (user {user}); give it the right, such as chmod a+r",
    ),
    errno.EINVAL: (PathRefusedError, "{name} is no usable path"),
}
"""What opening a file can fail with that waiting does not mend."""


def open_model(path: Path, name: str) -> IO[bytes]:
    """Open a regular file. ArtifactError says what is wrong for good; OSError is what may pass. `name`: what messages call it."""
    try:
        # without O_NONBLOCK, opening a named pipe would wait for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in _NEVER:
            raise
        kind, text = _NEVER[error.errno]
        raise kind(text.format(name=_short(name), user=os.geteuid())) from None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise ModelMissingError(f"{name} is no regular file; give a model file")


def require_model(folder: Path, name: str) -> None:
    """Nothing, if there is such a model file in the folder. PathRefusedError, ModelMissingError."""
    open_model(resolve_inside(folder, name), name).close()


def _short(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:200]}... ({len(name)} characters)"


def resolve_inside(folder: Path, name: str) -> Path:
    """A path from a request or event, resolved inside `folder`; ArtifactError when it leads out of it.

    `models/x.pth`, as the runbook writes it, and `x.pth` both mean the file x.pth in the models folder, whatever that is called.
    """
    root = folder.resolve()
    given = Path(name)
    if given.parts[:1] in ((SHORTHAND,), (folder.name,)):
        given = Path(*given.parts[1:])
    try:
        resolved = (root / given).resolve()
    except (OSError, ValueError, RuntimeError) as error:  # the last of these: links in a circle
        raise PathRefusedError(f"{_short(name)!r} is no usable path: {error}") from None
    if not resolved.is_relative_to(root) or resolved == root:
        raise PathRefusedError(
            f"{name!r} is outside the models folder; give a path inside it, such as models/my_model.pth"
        )
    return resolved
