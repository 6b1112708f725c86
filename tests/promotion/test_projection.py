"""The canonical files: a projection of the ledger, whole at every moment."""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from services.promotion import projection
from services.promotion.projection import is_present, project
from shared.storage import artifacts
from shared.storage import files as file_writing
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.artifacts import ArtifactError, ArtifactFile
from tests.kit.waiting import async_until
from tests.promotion.conftest import Suite, announcement, completed

CONFIGURATION = "hex8_2p"
NAME = "canonical_hex8_2p.pth"
TRACED = {projection.__file__, artifacts.__file__, file_writing.__file__}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """An empty models folder."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ArtifactFolder:
    """An empty artifact store."""
    return ArtifactFolder(tmp_path / "artifacts")


def take_in(store: ArtifactFolder, folder: Path, content: bytes) -> ArtifactFile:
    """An artifact with these bytes, as a file."""
    path = folder / "source"
    path.write_bytes(content)
    file = store.file(store.take_in(path).digest)
    assert file is not None
    return file


def files(models: Path) -> dict[str, Any]:
    """What an operator sees in the models folder."""
    link = models / "ringrift_best_hex8_2p.pth"
    backup = models / "backup" / f"{NAME}.bak"
    return {
        "canonical": (models / NAME).read_bytes(),
        "link": os.readlink(link),
        "backup": backup.read_bytes() if backup.exists() else None,
    }


def test_g02_the_files_are_as_the_runbook_shows_them(models: Path, store: ArtifactFolder, tmp_path: Path) -> None:
    """A regular canonical file, a link to it by its bare name, and the version before as the backup."""
    first, second = (take_in(store, tmp_path, content) for content in (b"first", b"second"))
    project(models, CONFIGURATION, first, None)
    assert files(models) == {"canonical": b"first", "link": NAME, "backup": None}
    project(models, CONFIGURATION, second, first)
    assert files(models) == {"canonical": b"second", "link": NAME, "backup": b"first"}
    assert not (models / NAME).is_symlink()
    assert sorted(path.name for path in models.iterdir()) == ["backup", NAME, "ringrift_best_hex8_2p.pth"]


def test_a_file_from_before_the_ledger_is_kept(models: Path, store: ArtifactFolder, tmp_path: Path) -> None:
    """What lay there when the first version came is kept as the backup, however often projecting is repeated."""
    (models / NAME).write_bytes(b"someone's")
    first = take_in(store, tmp_path, b"first")
    for _ in range(2):
        project(models, CONFIGURATION, first, None)
    assert files(models) == {"canonical": b"first", "link": NAME, "backup": b"someone's"}


def test_g02_bytes_are_verified_before_the_flip(models: Path, store: ArtifactFolder, tmp_path: Path) -> None:
    """An artifact whose bytes rotted never becomes canonical."""
    first, second = (take_in(store, tmp_path, content) for content in (b"first", b"second"))
    project(models, CONFIGURATION, first, None)
    second.path.chmod(0o644)
    second.path.write_bytes(b"rotten")
    with pytest.raises(ArtifactError, match="was left as it is"):
        project(models, CONFIGURATION, second, first)
    assert files(models)["canonical"] == b"first"


def die_at(line: int, arguments: tuple[Any, ...]) -> bool:
    """Project in a child process that ends, as by SIGKILL, before the n-th line of the projection; whether it got that far."""
    child = os.fork()
    if child == 0:
        left = [line]

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if frame.f_code.co_filename not in TRACED:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    os._exit(9)
            return trace

        sys.settrace(trace)
        try:
            project(*arguments)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def test_g02_projecting_survives_death_at_every_line(models: Path, store: ArtifactFolder, tmp_path: Path) -> None:
    """Killed before any of its lines, it leaves the old file or the new one, whole; doing it again ends it."""
    first, second = (take_in(store, tmp_path, content) for content in (b"first" * 9, b"second" * 9))
    wanted = {"canonical": b"second" * 9, "link": NAME, "backup": b"first" * 9}
    died, line, seen = True, 0, set()
    while died:
        line += 1
        folder = models / str(line)
        project(folder, CONFIGURATION, first, None)
        died = die_at(line, (folder, CONFIGURATION, second, first))
        found = files(folder)
        seen.add(found["canonical"])
        assert found["backup"] in (None, b"first" * 9)
        assert is_present(folder, CONFIGURATION)
        project(folder, CONFIGURATION, second, first)
        assert files(folder) == wanted
        assert not list(folder.rglob(".projecting-*"))
    assert line > 30
    assert seen == {b"first" * 9, b"second" * 9}


async def test_g10_a_rollback_is_a_higher_version(suite: Suite) -> None:
    """The runbook's way back: copy the backup over the canonical file and ask, with force and without a Content-Type."""
    first = await suite.promoted(b"first")
    second = await suite.promoted(b"secnd")
    await holds(suite, b"secnd", b"first")
    backup = suite.models / "backup" / f"{NAME}.bak"
    await asyncio.to_thread((suite.models / NAME).write_bytes, await asyncio.to_thread(backup.read_bytes))
    body = {"model_path": f"models/{NAME}"}
    refused = await suite.client.post("/admin/distribute-model", content=json.dumps(body))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:ringrift:problem:not-canonical")
    answer = await suite.client.post("/admin/distribute-model", content=json.dumps({**body, "force": True}))
    assert answer.status_code == 202, answer.text
    version = await suite.canonical()
    assert (version["version"], version["digest"], version["kind"]) == (3, first, "rollback")
    promoted = (await suite.events("MODEL_PROMOTED"))[-1]["data"]
    assert (promoted["version"], promoted["digest"], promoted["previous_digest"]) == (3, first, second)
    await holds(suite, b"first", b"secnd")


async def test_g10_a_rollback_by_version_names_what_it_saw(suite: Suite) -> None:
    """POST …/rollback makes an earlier version canonical as a higher one, and only if canonical is what the operator saw."""
    first = await suite.promoted(b"first")
    await suite.promoted(b"secnd")
    route = "/v1/configurations/hex8_2p/rollback"
    body = {"to_version": 1, "reason": "loses as second player"}
    moved = await suite.client.post(route, json=body, headers={"If-Match": '"1"'})
    unknown = await suite.client.post(route, json={**body, "to_version": 9})
    same = await suite.client.post(route, json={**body, "to_version": 2})
    assert [answer.status_code for answer in (moved, unknown, same)] == [412, 404, 409]
    answer = await suite.client.post(route, json=body, headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json()["version"], answer.json()["digest"]) == (201, 3, first)
    assert "loses as second player" in answer.json()["reason"]


async def test_g10_two_rollbacks_at_once_are_one(suite: Suite) -> None:
    """Of two operators who restore the same version at the same moment, one finds it done."""
    await suite.promoted(b"first")
    await suite.promoted(b"secnd")
    route, body = "/v1/configurations/hex8_2p/rollback", {"to_version": 1, "reason": "worse"}
    answers = await asyncio.gather(*(suite.client.post(route, json=body) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert (await suite.canonical())["version"] == 3


async def test_f04_a_damaged_artifact_is_said_and_a_canonical_one_mended(suite: Suite) -> None:
    """The bytes of the canonical version are taken in from its file; an earlier version's stay aside until somebody has them."""
    damaged = [await suite.promoted(b"first"), await suite.promoted(b"secnd")]
    await holds(suite, b"secnd", b"first")
    for digest in damaged:
        path = suite.store.path(digest)
        await asyncio.to_thread(path.chmod, 0o644)
        await asyncio.to_thread(path.write_bytes, b"rotten")
    body = {"to_version": 1, "reason": "worse"}
    refused = await suite.client.post("/v1/configurations/hex8_2p/rollback", json=body)
    assert (refused.status_code, refused.json()["type"].rsplit(":", 1)[1]) == (409, "bytes-missing")

    async def mended() -> bool:
        return await asyncio.to_thread(suite.store.file, damaged[1]) is not None

    await async_until(mended, 90)
    found = (await suite.get("/status"))["promotion_status"]["damaged_artifacts"]
    assert found == [{"digest": damaged[0], "size": 6}]
    await asyncio.to_thread(suite.add_model, b"first")
    assert (await suite.get("/status"))["promotion_status"]["damaged_artifacts"] == []
    answer = await suite.client.post("/v1/configurations/hex8_2p/rollback", json=body)
    assert answer.status_code == 201, answer.text


async def test_a_removed_canonical_file_comes_back(suite: Suite) -> None:
    """The files follow the ledger, not the event that first wrote them."""
    await suite.promoted(b"first")
    await holds(suite, b"first", None)
    await asyncio.to_thread((suite.models / NAME).unlink)
    await suite.promoted(b"secnd")
    await holds(suite, b"secnd", b"first")
    await asyncio.to_thread((suite.models / "ringrift_best_hex8_2p.pth").unlink)
    await suite.asked()  # any commit wakes the projection
    await holds(suite, b"secnd", b"first")


async def test_the_files_of_a_later_ledger_are_replaced(suite: Suite, tmp_path: Path) -> None:
    """After a restore from a dump, the models folder holds a version that the ledger does not know: it follows the ledger."""
    digest = await suite.promoted(b"first")
    await holds(suite, b"first", None)
    first = await asyncio.to_thread(suite.store.file, digest)
    later = await asyncio.to_thread(take_in, suite.store, tmp_path, b"later")
    await asyncio.to_thread(project, suite.models, CONFIGURATION, later, first)
    await suite.asked()  # any commit wakes the projection
    await holds(suite, b"first", b"later")


async def test_one_configuration_without_bytes_does_not_stop_the_others(suite: Suite) -> None:
    """A missing artifact is an error in the log; other configurations' files are written all the same."""
    digest = await suite.promoted(b"first")
    await holds(suite, b"first", None)
    await asyncio.to_thread(suite.store.path(digest).unlink)
    await asyncio.to_thread((suite.models / NAME).unlink)
    square = completed(suite.add_model(b"other")).model_copy(update={"board_type": "square8"})
    await suite.hears(announcement(square))
    written = suite.models / "ringrift_best_square8_2p.pth"

    async def there() -> bool:
        return await asyncio.to_thread(written.is_file)

    await suite.eventually(there)
    assert await asyncio.to_thread(written.read_bytes) == b"other"


async def holds(suite: Suite, canonical: bytes, backup: bytes | None) -> None:
    """Wait until the models folder holds exactly that."""
    wanted = {"canonical": canonical, "link": NAME, "backup": backup}

    async def there() -> bool:
        try:
            return await asyncio.to_thread(files, suite.models) == wanted
        except FileNotFoundError:
            return False

    await suite.eventually(there)
