"""Models whose bytes the artifact store has lost, or has damaged: nobody plays them, and their evaluations say why."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from services.gauntlet.model_files import ModelFiles
from services.gauntlet.worker.loop import WorkerLoop
from services.gauntlet.worker.remote import RemoteModels
from services.gauntlet.worker.source import ModelAbsentError
from services.gauntlet.worker.work import ModelReference
from shared.storage.artifact_folder import ArtifactFolder
from tests.gauntlet.fake_work import DONE, FakeExecutor, FakeModels, FakeSource, FakeWorker, work
from tests.kit.virtual_time import in_virtual_time

WORDS = "models/a.pth: the artifact store has no undamaged copy of "


@pytest.mark.parametrize(("lost", "code"), [("candidate", "model_not_found"), ("canonical", "internal")])
@in_virtual_time
async def test_f04_a_model_without_undamaged_bytes_is_not_played(lost: str, code: str) -> None:
    """Its evaluation ends with the words of whoever looked for them, and the worker goes on with the next claim."""
    source, models = FakeSource(waiting=[work(1), work(2)]), FakeModels()
    digest = source.waiting[0].candidate.digest if lost == "candidate" else "f" * 64
    models.trouble = ModelAbsentError("models/a.pth", digest)
    loop = WorkerLoop("gpu-7:1", source, models, FakeExecutor([FakeWorker([(DONE,)])]), 8, jitter=lambda: 1.0)
    playing = asyncio.create_task(loop.run())
    await source.none_left.wait()
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    [(claim, failure)] = source.failures
    assert (claim.int, failure.code, failure.reason.startswith(WORDS)) == (1, code, True)
    assert [claim.int for claim, report in source.reports if report.done] == [2]


async def test_f04_a_worker_gets_the_file_of_undamaged_bytes_only(tmp_path: Path) -> None:
    """One bit of the artifact is another: its file is no model's any more, until the good one is taken in again."""
    store, source = ArtifactFolder(tmp_path / "artifacts"), tmp_path / "a.pth"
    source.write_bytes(b"weights")
    digest, files = store.take_in(source).digest, ModelFiles(store)
    reference = ModelReference(digest=digest, name="models/a.pth")
    assert (await files.file(reference, 100)).path == store.path(digest)
    store.path(digest).chmod(0o644)
    store.path(digest).write_bytes(b"weighTs")
    with pytest.raises(ModelAbsentError, match=WORDS):
        await files.file(reference, 100)
    assert not await files.holds(digest)
    store.take_in(source)
    assert (await files.file(reference, 100)).path.read_bytes() == b"weights"


async def test_f04_a_worker_elsewhere_is_told_that_there_is_none(tmp_path: Path) -> None:
    """The service answers 404, and that is no reason to ask for ever."""
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    models = RemoteModels(client, "http://gauntlet:8771", tmp_path / "models", 1000)
    with pytest.raises(ModelAbsentError, match=WORDS):
        await models.file(ModelReference(digest="a" * 64, name="models/a.pth"), 100)
