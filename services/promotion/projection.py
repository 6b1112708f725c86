"""The canonical files in the models folder: a projection of the ledger, never read back.

`canonical_hex8_2p.pth` is a regular file of its own (an operator may copy a backup over it without touching the store), the
version before it is kept as `backup/canonical_hex8_2p.pth.bak`, and `ringrift_best_hex8_2p.pth` links to it. A hidden note in
`backup` says what the files were written for: a ledger that is restored from a dump does not know what a later one wrote.
Every step can be repeated: ended anywhere, doing it all again gives the same files. One writer at a time; these functions block:
call them from a thread.
"""

from __future__ import annotations

from pathlib import Path

from shared.contract.words import best_name, canonical_name
from shared.storage.artifacts import Artifact, ArtifactError
from shared.storage.files import copy_hashing, digest_of, publish_file, write_atomically


def is_present(models: Path, configuration: str) -> bool:
    """Whether the canonical file and its link are there, whatever they hold."""
    return (models / canonical_name(configuration)).is_file() and _link_path(models, configuration).is_file()


def written_for(models: Path, configuration: str) -> str | None:
    """The digest that the files were last written for, whatever an operator has put there since; None if that was not noted."""
    try:
        return _note_path(models, configuration).read_text()
    except FileNotFoundError:
        return None


def project(models: Path, configuration: str, artifact: Artifact, previous: Artifact | None) -> None:
    """Make the canonical file hold exactly these bytes; at any moment it is the old file or the new one, whole."""
    canonical = models / canonical_name(configuration)
    backup = models / "backup" / f"{canonical.name}.bak"
    backup.parent.mkdir(parents=True, exist_ok=True)
    if previous is not None:
        _copy(previous.path, backup, previous.digest)
    elif canonical.is_file() and digest_of(canonical) != artifact.digest:
        _copy(canonical, backup, None)  # from before the ledger's first version
    _copy(artifact.path, canonical, artifact.digest)
    _link(_link_path(models, configuration), canonical.name)
    note = _note_path(models, configuration)
    with write_atomically(note, _temporary(note)) as stream:
        stream.write(artifact.digest.encode())


def _note_path(models: Path, configuration: str) -> Path:
    return models / "backup" / f".projected-{canonical_name(configuration)}"


def _link_path(models: Path, configuration: str) -> Path:
    return models / best_name(configuration)


def _temporary(target: Path) -> Path:
    # always the same name, so that what a killed process left behind is overwritten by the next
    return target.with_name(f".projecting-{target.name}")


def _copy(source: Path, target: Path, digest: str | None) -> None:
    with source.open("rb") as stream, write_atomically(target, _temporary(target)) as copy:
        found, _size = copy_hashing(stream, copy)
        if digest is not None and found != digest:
            text = f"{source} holds {found}, expected {digest}; {target} was left as it is"
            raise ArtifactError("digest_mismatch", text)


def _link(link: Path, target: str) -> None:
    temporary = _temporary(link)
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    publish_file(temporary, link)
