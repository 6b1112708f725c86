"""The one atomic write, and the artifact store that is built on it."""

from __future__ import annotations

import hashlib
import io
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from shared.storage.artifact_folder import LEFT_SECONDS, ArtifactFolder
from shared.storage.files import CHUNK, copy_hashing, digest_of, temporary_file, write_atomically


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    """The name holds the new bytes, and nothing else is left in the folder."""
    path = tmp_path / "file"
    for content in (b"old", b"new"):
        with write_atomically(path) as stream:
            stream.write(content)
        assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_g02_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Until the block ends the name holds the old bytes; after a failure they stay, and the unfinished file is gone."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with suppress(ZeroDivisionError), write_atomically(path) as stream:
        stream.write(b"half of the n")
        stream.flush()
        assert path.read_bytes() == b"old"
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_unfinished_file_may_have_a_name_of_the_callers(tmp_path: Path) -> None:
    """What a killed process left under it is overwritten."""
    unfinished = tmp_path / ".writing-file"
    unfinished.write_bytes(b"left behind, and longer")
    with write_atomically(tmp_path / "file", unfinished) as stream:
        stream.write(b"new")
        assert unfinished.exists()
    assert (tmp_path / "file").read_bytes() == b"new"
    assert not unfinished.exists()


def test_a_copy_is_hashed(tmp_path: Path) -> None:
    """Digest and size are of all bytes, also of more than a chunk."""
    content = bytes(range(256)) * (CHUNK // 128) + b"end"
    with temporary_file(tmp_path) as (path, stream):
        assert copy_hashing(io.BytesIO(content), stream) == (hashlib.sha256(content).hexdigest(), len(content))
        assert digest_of(path) == hashlib.sha256(content).hexdigest()
    assert list(tmp_path.iterdir()) == []


def test_g01_an_artifact_is_its_bytes(tmp_path: Path) -> None:
    """The same bytes under two names are one artifact, which nobody can write to."""
    store = ArtifactFolder(tmp_path / "store")
    for name in ("a.pth", "b.pth"):
        (tmp_path / name).write_bytes(b"weights")
    first, second = (store.take_in(tmp_path / name) for name in ("a.pth", "b.pth"))
    assert first == second == store.find(hashlib.sha256(b"weights").hexdigest())
    assert store.path(first.digest).stat().st_mode & 0o777 == 0o444
    assert store.find("0" * 64) is None
    with pytest.raises(FileExistsError):
        store.path(first.digest).open("xb")


def test_f51_what_a_killed_taking_in_left_is_swept(tmp_path: Path) -> None:
    """Once nobody can be writing to it any more; what is being taken in, and what was, stays."""
    model = tmp_path / "model.pth"
    model.write_bytes(b"model")
    store = ArtifactFolder(tmp_path / "artifacts")
    taken = store.take_in(model)
    left, writing = (tmp_path / "artifacts" / f".incoming-{name}" for name in ("left", "writing"))
    for each in (left, writing):
        each.write_bytes(b"half")
    long_ago = time.time() - LEFT_SECONDS - 1
    os.utime(left, (long_ago, long_ago))
    assert store.sweep() == 1
    assert (left.exists(), writing.exists(), store.path(taken.digest).exists()) == (False, True, True)
    assert ArtifactFolder(tmp_path / "none yet").sweep() == 0
