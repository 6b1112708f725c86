"""What every artifact store promises, shown for the folder and for the bucket alike."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import obstore
import pytest

from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import ArtifactError, ArtifactStore
from tests.kit.buckets import CREDENTIALS, PREFIX, bucket_server, bucket_store, new_bucket, past_the_store
from tests.kit.http_client import HTTP

WEIGHTS = b"weights" * 1000
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": lambda content: bytes(len(content)),
    "emptied": lambda content: b"",
    "one bit flipped": lambda content: bytes([content[0] ^ 1]) + content[1:],
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server for all tests of this module."""
    with bucket_server() as url:
        yield url


class Shelf(NamedTuple):
    """A store, a store of another machine on the same artifacts, and how to write past both of them."""

    store: ArtifactStore
    elsewhere: ArtifactStore
    overwrite: Callable[[str, bytes], None]
    folder: Path

    def take_in(self, content: bytes = WEIGHTS, **given: str | int) -> str:
        """Take bytes in; their digest."""
        source = self.folder / "model.pth"
        source.write_bytes(content)
        return self.store.take_in(source, "models/model.pth", **given).digest  # type: ignore[arg-type]

    def names(self, place: str) -> list[str]:
        """The digests of what lies there."""
        return sorted(each.digest for each in self.store.items(place))  # type: ignore[arg-type]


def in_a_folder(folder: Path, _: str) -> Shelf:
    """Both see the same folder."""
    one, other = ArtifactFolder(folder / "artifacts"), ArtifactFolder(folder / "artifacts")

    def overwrite(digest: str, content: bytes) -> None:
        one.path(digest).chmod(0o644)
        one.path(digest).write_bytes(content)

    return Shelf(one, other, overwrite, folder)


def in_a_bucket(folder: Path, server: str) -> Shelf:
    """Both see the same bucket, and have a cache each."""
    bucket = new_bucket(server)
    one, other = (bucket_store(server, bucket, folder / name) for name in ("cache", "other cache"))

    def overwrite(digest: str, content: bytes) -> None:
        obstore.put(past_the_store(server, bucket), one.key(digest), content)

    return Shelf(one, other, overwrite, folder)


@pytest.fixture(params=[in_a_folder, in_a_bucket], ids=["folder", "bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """A store of each kind."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    made: Shelf = request.param(tmp_path, server)
    return made


def test_g01_an_artifact_is_found_by_its_digest_elsewhere(shelf: Shelf) -> None:
    """Its size is known, and its file has exactly its bytes; of another digest there is nothing."""
    shelf.elsewhere.check()
    digest = shelf.take_in()
    assert shelf.elsewhere.find(digest) == (DIGEST, len(WEIGHTS))
    for store in (shelf.elsewhere, shelf.store):
        file = store.file(digest)
        assert file is not None
        assert file.path.read_bytes() == WEIGHTS
    assert shelf.elsewhere.find("0" * 64) is None
    assert shelf.elsewhere.file("0" * 64) is None
    assert [(each.digest, each.size) for each in shelf.elsewhere.items()] == [(DIGEST, len(WEIGHTS))]


def test_a_large_artifact_comes_and_goes_in_parts(shelf: Shelf) -> None:
    """More bytes than go out in one piece."""
    content = os.urandom(1 << 20) * 20
    digest = shelf.take_in(content)
    file = shelf.elsewhere.file(digest)
    assert file is not None
    assert (file.size, file.path.stat().st_size) == (len(content), len(content))
    assert digest == hashlib.sha256(content).hexdigest()


def test_f51_what_is_refused_is_not_kept(shelf: Shelf) -> None:
    """Neither what is empty or too large, nor what was announced as other bytes."""
    refused = [
        (b"", {}, "empty"),
        (WEIGHTS, {"most_bytes": 5}, "at most 5"),
        (WEIGHTS, {"expected": "f" * 64}, "announced"),
    ]
    for content, given, words in refused:
        with pytest.raises(ArtifactError, match=words):
            shelf.take_in(content, **given)  # type: ignore[arg-type]
    assert shelf.names("kept") == []
    assert [each for each in shelf.folder.rglob("*") if each.is_file()] == [shelf.folder / "model.pth"]


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_f04_a_damaged_artifact_is_set_aside_and_mended_by_the_good_file(
    shelf: Shelf, damage: Callable[[bytes], bytes]
) -> None:
    """Nobody gets its bytes; taken in again it is whole, and nothing lies aside any more."""
    digest = shelf.take_in()
    shelf.overwrite(digest, damage(WEIGHTS))
    assert shelf.elsewhere.file(digest) is None
    assert (shelf.names("kept"), shelf.names("damaged")) == ([], [DIGEST])
    assert shelf.elsewhere.find(digest) is None
    assert shelf.take_in() == DIGEST
    file = shelf.elsewhere.file(digest)
    assert file is not None
    assert file.path.read_bytes() == WEIGHTS
    assert (shelf.names("kept"), shelf.names("damaged")) == ([DIGEST], [])


def test_f04_damage_that_nobody_saw_is_mended_too(shelf: Shelf) -> None:
    """The good file is taken in while the damaged one is still in its place."""
    digest = shelf.take_in()
    shelf.overwrite(digest, DAMAGES["one bit flipped"](WEIGHTS))
    shelf.take_in()
    file = shelf.elsewhere.file(digest)
    assert file is not None
    assert file.path.read_bytes() == WEIGHTS


def test_g17_what_is_condemned_comes_back_for_whoever_asks(shelf: Shelf) -> None:
    """Until it is deleted; what is not condemned any more is not deleted."""
    digest = shelf.take_in()
    shelf.store.condemn(digest)
    assert (shelf.names("kept"), shelf.names("condemned")) == ([], [DIGEST])
    assert shelf.elsewhere.find(digest) == (DIGEST, len(WEIGHTS))
    assert (shelf.names("kept"), shelf.names("condemned")) == ([DIGEST], [])
    shelf.store.delete_condemned(digest)
    assert shelf.names("kept") == [DIGEST]
    shelf.store.condemn(digest)
    shelf.store.delete_condemned(digest)
    assert shelf.elsewhere.find(digest) is None
    for nothing in (shelf.store.condemn, shelf.store.delete_condemned):
        nothing("0" * 64)


def test_what_is_condemned_and_taken_in_again_is_kept(shelf: Shelf) -> None:
    """It is not condemned any more."""
    digest = shelf.take_in()
    shelf.store.condemn(digest)
    shelf.take_in()
    assert (shelf.names("kept"), shelf.names("condemned")) == ([DIGEST], [])


def test_an_address_is_for_anybody_where_there_are_such(shelf: Shelf) -> None:
    """A bucket's answers ranges and needs no credential; a folder has none."""
    digest = shelf.take_in()
    address = shelf.store.address(digest, 60)
    if isinstance(shelf.store, ArtifactFolder):
        assert address is None
        return
    assert address is not None
    assert f"/{PREFIX}/sha256/" in address
    assert HTTP.get(address).content == WEIGHTS
    part = HTTP.get(address, headers={"Range": "bytes=7-13"})
    assert (part.status_code, part.content) == (206, WEIGHTS[7:14])
