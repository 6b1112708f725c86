"""Canonical files that somebody changed by hand: noticed, said, and mended after a while."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.promotion.file_watch import FileWatch
from services.promotion.projection import project
from services.promotion.versions import CanonicalVersion
from shared.storage.artifact_folder import ArtifactFolder
from shared.storage.file_digests import AGAIN_SECONDS
from shared.storage.files import digest_of
from tests.promotion.conftest import Suite
from tests.promotion.test_projection import CONFIGURATION, NAME, files, holds, take_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BY_HAND = b"hand!"


class Scene:
    """Files as they were projected, a watch on them, and a clock that stands still until it is set."""

    def __init__(self, folder: Path) -> None:
        self.models, self.now = folder / "models", 0.0
        self.models.mkdir()
        artifact = take_in(ArtifactFolder(folder / "artifacts"), folder, b"first")
        project(self.models, CONFIGURATION, artifact, None)
        self.watch = FileWatch(self.models, 300, clock=lambda: self.now)
        self.head = version(artifact.digest)

    def overwrite(self, content: bytes) -> None:
        """Somebody writes into the canonical file."""
        (self.models / NAME).write_bytes(content)


def version(digest: str, number: int = 1) -> CanonicalVersion:
    """A canonical version with these bytes."""
    return CanonicalVersion(CONFIGURATION, number, digest, 5, "automatic", NOW, "won", UUID(int=1), "test")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Files that are the ledger's."""
    return Scene(tmp_path)


def test_files_that_are_the_ledgers_do_not_differ(scene: Scene) -> None:
    """Nothing is said of them, however often they are looked at."""
    for _ in range(3):
        assert scene.watch.look(scene.head) is None
    assert scene.watch.differences == {}


def test_a_changed_file_is_left_for_a_while(scene: Scene) -> None:
    """From when it was first seen so; other bytes begin anew, and the right ones end it."""
    scene.overwrite(BY_HAND)
    found = scene.watch.look(scene.head)
    assert found is not None
    assert (found.found, scene.watch.left(found)) == (digest_of(scene.models / NAME), 300)
    scene.now = 299.0
    again = scene.watch.look(scene.head)
    assert again is not None
    assert scene.watch.left(again) == 1
    scene.overwrite(b"other")
    other = scene.watch.look(scene.head)
    assert other is not None
    assert scene.watch.left(other) == 300
    scene.overwrite(b"first")
    assert (scene.watch.look(scene.head), scene.watch.differences) == (None, {})


def test_a_link_that_leads_elsewhere_differs(scene: Scene) -> None:
    """Programs read the canonical file by that name as well."""
    link = scene.models / "ringrift_best_hex8_2p.pth"
    link.unlink()
    (scene.models / "other.pth").write_bytes(b"first")
    link.symlink_to("other.pth")
    found = scene.watch.look(scene.head)
    assert found is not None
    assert found.found == f"{link.name} is another file than {NAME}"


def test_a_file_is_hashed_when_it_changed_and_once_an_hour(scene: Scene) -> None:
    """A disk that rots changes neither size nor times, and hashing at every look would cost a core."""
    hashed: list[Path] = []

    def counted(path: Path) -> str:
        hashed.append(path)
        return digest_of(path)

    scene.watch = FileWatch(scene.models, 300, clock=lambda: scene.now, digest=counted)
    for _ in range(3):
        assert scene.watch.look(scene.head) is None
    assert len(hashed) == 1
    scene.now = AGAIN_SECONDS
    assert scene.watch.look(scene.head) is None
    assert len(hashed) == 2
    scene.overwrite(b"first")
    assert scene.watch.look(scene.head) is None
    assert len(hashed) == 3


async def status(suite: Suite) -> Any:
    """What /status says of the files."""
    return (await suite.get("/status"))["promotion_status"]["file_differences"]


async def test_f08_a_file_that_was_changed_by_hand_is_told(suite: Suite) -> None:
    """It stays for a while, so that the runbook's restore goes on working, and meanwhile /status says what is there."""
    digest = await suite.promoted(b"first")
    await holds(suite, b"first", None)
    await asyncio.to_thread((suite.models / NAME).write_bytes, BY_HAND)
    await suite.asked()  # any commit wakes the projection
    [told] = await suite.eventually(lambda: status(suite))
    assert (told["configuration"], told["version"], told["expected"]) == ("hex8_2p", 1, digest)
    assert (told["found"], 200 < told["mended_in"] <= 300) == (digest_of(suite.models / NAME), True)
    assert await asyncio.to_thread((suite.models / NAME).read_bytes) == BY_HAND


@pytest.mark.parametrize("settings_changed", [{"projection_grace_seconds": 0.0}])
async def test_f08_a_file_that_was_changed_by_hand_is_mended(suite: Suite) -> None:
    """Without waiting for a promotion, its link too; what lay there is put aside."""
    await suite.promoted(b"first")
    await holds(suite, b"first", None)
    await asyncio.to_thread((suite.models / NAME).write_bytes, BY_HAND)
    await suite.asked()  # any commit wakes the projection
    await holds(suite, b"first", None)
    aside = suite.models / "backup" / f"{NAME}.replaced"
    assert await asyncio.to_thread(aside.read_bytes) == BY_HAND
    await suite.eventually(lambda: nothing_differs(suite))
    link = suite.models / "ringrift_best_hex8_2p.pth"
    await asyncio.to_thread(link.unlink)
    await asyncio.to_thread(os.symlink, "asked.pth", link)
    await suite.asked(dry_run=True)
    await holds(suite, b"first", None)
    assert (await asyncio.to_thread(files, suite.models))["link"] == NAME


async def nothing_differs(suite: Suite) -> bool:
    """Whether /status says that all files are the ledger's."""
    return not await status(suite)
