"""The canonical files in the models folder: a projection of the ledger, never read back.

`canonical_hex8_2p.pth` is a regular file of its own (an operator may copy a backup over it without touching the store), the
former one is kept as `backup/canonical_hex8_2p.pth.bak`, and `ringrift_best_hex8_2p.pth` links to it.
These functions block: call them from a thread.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from shared.artifacts import Artifact, ArtifactError, copy_hashing, publish_file, temporary_file


def canonical_name(configuration: str) -> str:
    """The name of a configuration's canonical file."""
    return f"canonical_{configuration}.pth"


def project(models: Path, configuration: str, artifact: Artifact) -> None:
    """Make the canonical file hold exactly these bytes; at any moment it is the old file or the new one, whole."""
    canonical = models / canonical_name(configuration)
    (models / "backup").mkdir(parents=True, exist_ok=True)
    if canonical.exists():
        _copy(canonical, models / "backup" / f"{canonical.name}.bak", None)
    _copy(artifact.path, canonical, artifact.digest)
    _link(models / f"ringrift_best_{configuration}.pth", canonical.name)


def _copy(source: Path, target: Path, digest: str | None) -> None:
    with source.open("rb") as stream, temporary_file(target.parent) as (temporary, copy):
        found, _size = copy_hashing(stream, copy)
        if digest is not None and found != digest:
            raise ArtifactError(
                "digest_mismatch", f"{source} holds {found}, expected {digest}; the canonical file was left as it is"
            )
        publish_file(temporary, target)


def _link(link: Path, target: str) -> None:
    temporary = link.with_name(f".link-{secrets.token_hex(8)}")
    os.symlink(target, temporary)
    temporary.replace(link)
