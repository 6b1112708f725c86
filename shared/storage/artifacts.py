"""The artifact store as a seam: model files under the SHA-256 of their bytes, immutable once taken in.

A path is only where bytes are read from; from the moment a file is taken in, the digest is its identity. Whoever uses bytes of the
store uses hashed ones. All of this blocks: call it from a thread.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal, NamedTuple, Protocol

from shared.contract.words import FailureCode
from shared.storage.unusable import UnusableServerError

SHORTHAND = "models"
"""How a path in the models folder may begin, whatever the folder is called."""


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


class StoreAwayError(UnusableServerError):
    """The artifact store cannot be used just now; the text says why, and what would help."""


class Artifact(NamedTuple):
    """A model's bytes in the store."""

    digest: str
    size: int


class ArtifactFile(NamedTuple):
    """A file on this machine that has exactly the bytes of the digest: they were hashed."""

    digest: str
    size: int
    path: Path


class StoredArtifact(NamedTuple):
    """An artifact as the store lists it; `at`: seconds since 1970 when it was taken in last, or put where it is."""

    digest: str
    size: int
    at: float


Place = Literal["kept", "condemned", "damaged"]
"""Where an artifact lies: with those that are used; to be deleted after a while, unless somebody asks for it before; or aside,
because its bytes are not those of its digest."""


class ArtifactStore(Protocol):
    """Where artifacts are kept: a folder (artifact_folder.py), or a bucket (artifact_bucket.py). StoreAwayError where it cannot be
    reached."""

    def find(self, digest: str) -> Artifact | None:
        """The artifact with that digest, None if there is none. One that is damaged is set aside, and there is none."""

    def file(self, digest: str) -> ArtifactFile | None:
        """The artifact as a file on this machine, its bytes hashed; None as in `find`."""

    def take_in(
        self, source: Path, name: str | None = None, most_bytes: int | None = None, expected: str | None = None
    ) -> Artifact:
        """Copy a file into the store while hashing it; the copy is what the digest is of, whatever happens to the source. What was
        damaged or condemned is whole again.

        `name`: what messages call it; `expected`: the only digest that it may have. ArtifactError for what can never be taken in,
        of which nothing is kept; OSError for what may be another time.
        """

    def items(self, place: Place = "kept") -> Iterator[StoredArtifact]:
        """Every artifact that lies there, in no promised order."""

    def condemn(self, digest: str) -> None:
        """Put an artifact where it is deleted after a while, unless somebody asks for it before. Nothing to do if there is none."""

    def delete_condemned(self, digest: str) -> None:
        """Delete an artifact that is condemned; nothing to do if it is not, or not any more."""

    def address(self, digest: str, seconds: float) -> str | None:
        """Where anybody may fetch the artifact for so long, without a credential; None where the store has no such addresses."""

    def check(self) -> None:
        """Nothing if the store can be used. StoreAwayError."""

    def sweep(self) -> int:
        """Delete what takings in that were killed have left behind; returns how many files. Others may be taking files in here."""


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
