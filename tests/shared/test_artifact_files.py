"""Many who want the same model at a time: it is fetched once, and hashed once."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.storage.artifact_files import ArtifactFiles
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import ArtifactFile, StoreAwayError
from shared.storage.file_digests import AGAIN_SECONDS, FileDigests
from shared.storage.files import digest_of
from shared.storage.outages import outage


class SlowStore(ArtifactFolder):
    """A store that gives a file when it is let."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.asked, self.let = 0, threading.Event()

    def file(self, digest: str) -> ArtifactFile | None:
        """Once it is let."""
        self.asked += 1
        assert self.let.wait(60)
        return super().file(digest)


async def test_who_asks_at_the_same_time_occupies_one_thread(tmp_path: Path) -> None:
    """Whoever goes away leaves the others what they wait for."""
    (tmp_path / "a.pth").write_bytes(b"weights")
    store = SlowStore(tmp_path / "artifacts")
    digest = store.take_in(tmp_path / "a.pth").digest
    files = ArtifactFiles(store)
    asking = [asyncio.create_task(files.file(digest)) for _ in range(50)]
    await asyncio.sleep(0)
    asking.pop(0).cancel()
    store.let.set()
    found = await asyncio.gather(*asking)
    assert ({each.digest for each in found if each}, store.asked) == ({digest}, 1)
    await files.file(digest)
    assert store.asked == 2


def test_a_file_is_hashed_once_however_many_threads_ask(tmp_path: Path) -> None:
    """And again when anything about it changed, or after an hour."""
    path, now, hashed = tmp_path / "a", [0.0], list[Path]()
    path.write_bytes(b"weights")

    def counted(file: Path) -> str:
        hashed.append(file)
        return digest_of(file)

    digests = FileDigests(lambda: now[0], counted)
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(digests.of, [path] * 100)}) == 1
    assert len(hashed) == 1
    path.write_bytes(b"weighTs")
    digests.of(path)
    digests.use(path)
    now[0] = AGAIN_SECONDS
    digests.of(path)
    assert len(hashed) == 3
    path.unlink()
    with pytest.raises(FileNotFoundError):
        digests.of(path)


def test_a_store_that_is_away_is_an_outage() -> None:
    """So that events are tried again, and requests are answered 503 with its words."""
    assert outage(StoreAwayError("the artifact store s3://models cannot be reached")) == (
        "the artifact store s3://models cannot be reached"
    )
