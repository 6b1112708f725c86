"""An artifact store in an S3 bucket, for machines that share nothing but the network. Needs the extra `s3`.

The keys are those of the folder (artifact_folder.py), under a prefix. Whoever needs a file gets it from a bounded folder of this
machine, into which it is fetched once and hashed while it comes. It creates no bucket and follows no lifecycle of its own.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError

from shared.contract.words import DIGEST_PATTERN
from shared.process.logs import get_logger
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import Artifact, ArtifactFile, Place, StoredArtifact
from shared.storage.bucket_errors import in_words
from shared.storage.files import CHUNK, temporary_file

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import S3Store

AT_ONCE, PART_BYTES = 4, 8 * CHUNK
"""A file goes out in parts of so many bytes, so many at a time; a smaller one in one piece, and only if there is none."""
MOST_KNOWN = 10_000
FETCHES = 16
_log = get_logger(__name__)


class ArtifactBucket:
    """As `ArtifactStore`. `prefix`: of every key; `cache`: files of this machine, of `most_cached` bytes at most, the least used
    of which are given up."""

    def __init__(self, bucket: S3Store, name: str, prefix: str, cache: Path, most_cached: int) -> None:
        self._bucket, self._name, self._prefix = bucket, name, prefix
        self._folder, self._cache, self._most_cached = cache, ArtifactFolder(cache, is_cache=True), most_cached
        self._known: OrderedDict[str, str | None] = OrderedDict()
        self._fetching = [threading.Lock() for _ in range(FETCHES)]

    def key(self, digest: str, place: Place = "kept") -> str:
        """Where in the bucket the artifact is, or would be."""
        path = f"sha256/{digest[:2]}/{digest}" if place == "kept" else f"{place}/{digest}"
        return f"{self._prefix}{path}"

    def find(self, digest: str) -> Artifact | None:
        """As `ArtifactStore.find`: whether it is there. Its bytes are hashed when they are fetched."""
        found = self._meta(digest)
        return Artifact(digest, found["size"]) if found else None

    def file(self, digest: str) -> ArtifactFile | None:
        """As `ArtifactStore.file`."""
        with self._fetching[int(digest[0], 16) % FETCHES]:
            file = self._cache.file(digest)
            if file is not None:
                return file
            found = self._meta(digest)
            return self._fetched(digest, found) if found else None

    def take_in(
        self, source: Path, name: str | None = None, most_bytes: int | None = None, expected: str | None = None
    ) -> Artifact:
        """As `ArtifactStore.take_in`: what is sent is the copy that was hashed. What is there already is read and hashed, once."""
        self._make_room(source.stat().st_size if source.is_file() else 0)
        artifact = self._cache.take_in(source, name, most_bytes, expected)
        path, found = self._cache.path(artifact.digest), self._meta(artifact.digest)
        if found is None or not self._is_whole(artifact.digest, found):
            self._send(path, artifact.digest)
        return artifact

    def items(self, place: Place = "kept") -> Iterator[StoredArtifact]:
        """As `ArtifactStore.items`."""
        with in_words(self._name):
            within = f"{self._prefix}{'sha256' if place == 'kept' else place}"
            for page in obstore.list(self._bucket, within):
                for each in page:
                    digest = PurePosixPath(each["path"]).name
                    if re.match(DIGEST_PATTERN, digest):
                        yield StoredArtifact(digest, each["size"], each["last_modified"].timestamp())

    def condemn(self, digest: str) -> None:
        """As `ArtifactStore.condemn`."""
        self._move(self.key(digest), self.key(digest, "condemned"))

    def delete_condemned(self, digest: str) -> None:
        """As `ArtifactStore.delete_condemned`."""
        self._delete(self.key(digest, "condemned"))

    def address(self, digest: str, seconds: float) -> str | None:
        """As `ArtifactStore.address`: a presigned GET."""
        with in_words(self._name):
            return obstore.sign(self._bucket, "GET", self.key(digest), timedelta(seconds=seconds))

    def check(self) -> None:
        """As `ArtifactStore.check`."""
        with in_words(self._name):
            obstore.list_with_delimiter(self._bucket, f"{self._prefix}none")

    def sweep(self) -> int:
        """As `ArtifactStore.sweep`. Parts of uploads that broke off are the bucket's: a lifecycle rule deletes them."""
        return self._cache.sweep()

    def _meta(self, digest: str) -> ObjectMeta | None:
        """What the bucket says of the artifact; None if it has none, which it is asked for in a way that tells a missing bucket."""
        found = self._head(self.key(digest))
        if found is None and self._head(self.key(digest, "condemned")) is not None:
            self._move(self.key(digest, "condemned"), self.key(digest))
            found = self._head(self.key(digest))
        if found is None:
            self.check()
        return found

    def _head(self, key: str) -> ObjectMeta | None:
        with in_words(self._name):
            try:
                return obstore.head(self._bucket, key)
            except FileNotFoundError:
                return None

    def _fetched(self, digest: str, meta: ObjectMeta) -> ArtifactFile | None:
        self._make_room(meta["size"])
        self._cache.require_room(meta["size"])
        with temporary_file(self._folder) as (temporary, target):
            sha256 = hashlib.sha256()
            for chunk in self._chunks(digest):
                sha256.update(chunk)
                target.write(chunk)
            target.flush()
            if sha256.hexdigest() != digest:
                self._set_aside(digest, sha256.hexdigest(), meta)
                return None
            self._cache.publish(temporary, digest)
        self._know(digest, meta["e_tag"])
        return self._cache.file(digest)

    def _chunks(self, digest: str) -> Iterator[bytes]:
        with in_words(self._name):
            yield from obstore.get(self._bucket, self.key(digest)).stream(CHUNK)

    def _is_whole(self, digest: str, meta: ObjectMeta) -> bool:
        """Whether the bucket's copy has the right bytes; they are read for that, unless this process knows this copy."""
        if digest in self._known and self._known[digest] == meta["e_tag"]:
            return True
        sha256 = hashlib.sha256()
        for chunk in self._chunks(digest):
            sha256.update(chunk)
        if sha256.hexdigest() == digest:
            self._know(digest, meta["e_tag"])
            return True
        self._set_aside(digest, sha256.hexdigest(), meta)
        return False

    def _send(self, path: Path, digest: str) -> None:
        with in_words(self._name):
            small = path.stat().st_size <= PART_BYTES
            try:
                sent = obstore.put(
                    self._bucket, self.key(digest), path, mode="create" if small else "overwrite",
                    chunk_size=PART_BYTES, max_concurrency=AT_ONCE,
                )  # fmt: skip
            except AlreadyExistsError:  # another process was faster, with bytes of the same digest
                return
        self._know(digest, sent["e_tag"])
        for place in ("damaged", "condemned"):
            self._delete(f"{self._prefix}{place}/{digest}")

    def _set_aside(self, digest: str, found: str, meta: ObjectMeta) -> None:
        """Nobody is to use those bytes."""
        self._move(self.key(digest), self.key(digest, "damaged"))
        where = f"{self._name}: {self.key(digest, 'damaged')}"
        _log.error("artifact damaged", digest=digest, found=found, size=meta["size"], put_aside=where)

    def _move(self, key: str, to: str) -> None:
        with in_words(self._name):
            try:
                obstore.copy(self._bucket, key, to)
                obstore.delete(self._bucket, key)
            except FileNotFoundError:
                return

    def _delete(self, key: str) -> None:
        with in_words(self._name):
            try:
                obstore.delete(self._bucket, key)
            except FileNotFoundError:
                return

    def _know(self, digest: str, e_tag: str | None) -> None:
        self._known[digest] = e_tag
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)

    def _make_room(self, needed: int) -> None:
        """Give up the files that were used least, until so many bytes more are no more than may be cached."""
        files = sorted(self._cache.items(), key=lambda each: each.at)
        kept = needed + sum(each.size for each in files)
        for each in files:
            if kept <= self._most_cached:
                return
            self._cache.path(each.digest).unlink(missing_ok=True)
            kept -= each.size
