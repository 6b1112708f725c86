"""What a bucket adds: conditions, a bounded cache, and servers that are away or refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError

from shared.storage.artifacts import StoreAwayError
from shared.storage.bucket_errors import in_words
from tests.kit.buckets import CREDENTIALS, bucket_server, bucket_store, new_bucket, past_the_store


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3 server for all tests of this module."""
    with bucket_server() as url:
        yield url


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


def model(folder: Path, content: bytes) -> Path:
    """A file with these bytes."""
    path = folder / "model.pth"
    path.write_bytes(content)
    return path


def test_an_artifact_that_is_there_is_not_sent_again(server: str, tmp_path: Path) -> None:
    """What another machine took in is read once and left as it is, and so is what came in between."""
    bucket = new_bucket(server)
    first, second = (bucket_store(server, bucket, tmp_path / name) for name in ("a", "b"))
    artifact = first.take_in(model(tmp_path, b"weights"))
    itself, key = past_the_store(server, bucket), first.key(artifact.digest)
    before = obstore.head(itself, key)
    assert second.take_in(model(tmp_path, b"weights")) == artifact
    with pytest.raises(AlreadyExistsError), in_words(bucket):
        obstore.put(itself, key, b"others", mode="create")
    assert obstore.head(itself, key) == before


def test_many_machines_take_in_the_same_model(server: str, tmp_path: Path) -> None:
    """At the same moment: each of them has it, and it is there once."""
    bucket, source = new_bucket(server), model(tmp_path, b"weights")
    stores = [bucket_store(server, bucket, tmp_path / str(number)) for number in range(8)]
    with ThreadPoolExecutor(8) as machines:
        taken = set(machines.map(lambda store: store.take_in(source), stores))
    assert [each.digest for each in stores[0].items()] == [each.digest for each in taken]


def test_the_cache_is_bounded(server: str, tmp_path: Path) -> None:
    """What was used least is given up, and fetched again when it is wanted."""
    cache = tmp_path / "cache"
    store = bucket_store(server, new_bucket(server), cache, artifacts_cache_bytes=2500)
    digests = []
    for age, letter in ((300, b"a"), (200, b"b"), (100, b"c")):
        digests.append(store.take_in(model(tmp_path, letter * 1000)).digest)
        written = next(cache.rglob(digests[-1])).stat().st_mtime
        os.utime(next(cache.rglob(digests[-1])), (written - age, written - age))
    kept = {each.name for each in cache.rglob("*") if each.is_file()}
    assert kept == set(digests[1:])
    file = store.file(digests[0])
    assert file is not None
    assert file.path.read_bytes() == b"a" * 1000
    assert {each.name for each in cache.rglob("*") if each.is_file()} == {digests[0], digests[2]}


def test_f04_a_damaged_file_of_the_cache_is_fetched_again(server: str, tmp_path: Path) -> None:
    """The bucket's bytes are the right ones."""
    store = bucket_store(server, new_bucket(server), tmp_path / "cache")
    digest = store.take_in(model(tmp_path, b"weights")).digest
    cached = next((tmp_path / "cache").rglob(digest))
    cached.chmod(0o644)
    cached.write_bytes(b"weighTs")
    file = store.file(digest)
    assert file is not None
    assert file.path.read_bytes() == b"weights"


def test_a_bucket_that_cannot_be_used_says_why(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not there is no store without artifacts, and nobody at the address is no missing bucket."""
    source = model(tmp_path, b"weights")
    missing = bucket_store(server, "there-is-none", tmp_path / "a")
    nobody = bucket_store("http://127.0.0.1:1", "models", tmp_path / "b")
    for store, words in ((missing, "s3://there-is-none does not exist; create it"), (nobody, "cannot be reached")):
        uses = (
            store.check, partial(store.find, "0" * 64), partial(store.file, "0" * 64), partial(store.take_in, source),
            partial(next, store.items()),
        )  # fmt: skip
        for use in uses:
            with pytest.raises(StoreAwayError, match=words):
                use()


def test_what_a_server_answers_is_said_in_words(tmp_path: Path) -> None:
    """A key that nobody has, a wrong secret, and what is not known by name."""
    said = {
        "InvalidAccessKeyId": "AWS_ACCESS_KEY_ID names one that the server does not know",
        "SignatureDoesNotMatch": "mend AWS_SECRET_ACCESS_KEY",
        "NobodyKnows": "answers with an error",
    }
    for code, words in said.items():
        with pytest.raises(StoreAwayError, match=words), in_words("s3://models"):
            raise obstore.exceptions.GenericError(f"status 403: <Error><Code>{code}</Code></Error>")
    with pytest.raises(StoreAwayError, match="needs credentials"), in_words("s3://models"):
        raise obstore.exceptions.GenericError("Error performing PUT http://169.254.169.254/latest/api/token")
