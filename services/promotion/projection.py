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
from shared.storage.artifacts import ArtifactError, ArtifactFile
from shared.storage.files import copy_hashing, digest_of, publish_file, write_atomically


def is_present(models: Path, configuration: str) -> bool:
    """Whether the canonical file and its link are there, whatever they hold."""
    return (models / canonical_name(configuration)).is_file() and link_path(models, configuration).is_file()


def written_for(models: Path, configuration: str) -> str | None:
    """The digest that the files were last written for, whatever an operator has put there since; None if that was not noted."""
    try:
        return _note_path(models, configuration).read_text()
    except FileNotFoundError:
        return None


def put_aside(models: Path, configuration: str) -> Path:
    """Keep what lies in the canonical file's place, whatever it is, before it is written anew; returns where."""
    canonical = models / canonical_name(configuration)
    aside = models / "backup" / f"{canonical.name}.replaced"
    aside.parent.mkdir(parents=True, exist_ok=True)
    _copy(canonical, aside, None)
    return aside


def project(models: Path, configuration: str, artifact: ArtifactFile, previous: ArtifactFile | None) -> None:
    """Make the canonical file hold exactly these bytes; at any moment it is the old file or the new one, whole."""
    canonical = models / canonical_name(configuration)
    backup = models / "backup" / f"{canonical.name}.bak"
    backup.parent.mkdir(parents=True, exist_ok=True)
    if previous is not None:
        _copy(previous.path, backup, previous.digest)
    elif _is_of_another_ledger(models, configuration, artifact) and digest_of(canonical) != artifact.digest:
        _copy(canonical, backup, None)
    _copy(artifact.path, canonical, artifact.digest)
    _link(link_path(models, configuration), canonical.name)
    note = _note_path(models, configuration)
    with write_atomically(note, _temporary(note)) as stream:
        stream.write(artifact.digest.encode())


def _is_of_another_ledger(models: Path, configuration: str, artifact: ArtifactFile) -> bool:
    """Whether a file lies there from before this ledger's first version, or from one that it does not know."""
    is_file = (models / canonical_name(configuration)).is_file()
    return is_file and written_for(models, configuration) != artifact.digest


def _note_path(models: Path, configuration: str) -> Path:
    return models / "backup" / f".projected-{canonical_name(configuration)}"


def link_path(models: Path, configuration: str) -> Path:
    """The link to a configuration's canonical file."""
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
