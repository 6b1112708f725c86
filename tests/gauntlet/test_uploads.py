"""Models that trainers send: in pieces that may break off anywhere. The service is whole and has no database, bus or lifespan."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from ringrift_client import RefusedError, Trainings
from ringrift_client.errors import FrontDoorError
from starlette.types import Receive, Scope, Send

from local.ports import free_port
from services.gauntlet.app import create_app
from services.gauntlet.settings import GauntletSettings
from services.gauntlet.uploads import LEFT_SECONDS, MOST_OPEN
from shared.storage.artifact_folder import ArtifactFolder
from tests.kit.documented import Documented
from tests.kit.documents import DATABASE
from tests.kit.http_client import HTTP
from tests.kit.http_server import serving_app

MODEL = bytes(range(256)) * 200
DIGEST = hashlib.sha256(MODEL).hexdigest()
ADDRESS = f"/v1/uploads/{DIGEST}"
PIECE = 1 << 14


class Desk:
    """A gauntlet service that takes models of 1 MiB, in pieces of 16 KiB. `breaks`: how many pieces still get through."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.breaks = folder, 1 << 30
        self.store = ArtifactFolder(folder / "artifacts")
        self.settings = GauntletSettings(
            database_url=DATABASE, artifacts_dir=folder / "artifacts", uploads_dir=folder / "uploads",
            most_model_bytes=1 << 20, most_body_bytes=PIECE,
        )  # fmt: skip
        self.app = Documented(create_app(self.settings), "gauntlet")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve requests, and take no piece any more once the line has broken."""
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        self.breaks -= scope["method"] == "PUT"
        if scope["method"] == "PUT" and self.breaks < 0:
            raise ConnectionResetError
        await self.app(scope, receive, send)

    @property
    def parts(self) -> list[str]:
        """What was begun."""
        return sorted(each.name for each in (self.folder / "uploads").glob("*"))

    async def put(
        self, piece: bytes, offset: int = 0, size: int = len(MODEL), address: str = ADDRESS
    ) -> httpx.Response:
        """The answer to a piece."""
        transport = httpx.ASGITransport(self)
        async with httpx.AsyncClient(transport=transport, base_url="http://gauntlet") as client:
            return await client.put(address, params={"offset": offset, "size": size}, content=piece)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A service whose every answer is as its document says."""
    made = Desk(tmp_path)
    yield made
    assert made.app.complaints == []


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    """Status, and the problem's kind."""
    return answer.status_code, answer.json()["type"].rsplit(":", 1)[1]


def test_a_model_that_broke_off_is_gone_on_with(desk: Desk, tmp_path: Path) -> None:
    """Of what has come nothing is sent again; then it is an artifact, and sending it once more changes nothing."""
    path, port = tmp_path / "model.pth", free_port()
    path.write_bytes(MODEL)
    with serving_app(desk, port, desk.settings), Trainings(f"http://127.0.0.1:{port}") as trainings:
        desk.breaks = 2
        with suppress(FrontDoorError):
            assert not trainings.upload(path, DIGEST, 1)
        state = HTTP.get(f"http://127.0.0.1:{port}{ADDRESS}").json()
        assert (state["complete"], state["most_piece_bytes"]) == (False, PIECE)
        assert state["offset"] in (PIECE, 2 * PIECE)
        desk.breaks = pieces = 4
        assert trainings.upload(path, DIGEST, 60)
        assert (pieces - desk.breaks, desk.parts) == (-((state["offset"] - len(MODEL)) // PIECE), [])
        before = desk.breaks
        assert trainings.upload(path, DIGEST, 60)
        assert desk.breaks == before
        path.write_bytes(bytes((1 << 20) + 1))
        with pytest.raises(RefusedError, match="at most"):
            trainings.upload(path, "f" * 64, 60)
    found = desk.store.file(DIGEST)
    assert found is not None
    assert found.path.read_bytes() == MODEL


async def test_only_the_next_piece_is_taken(desk: Desk) -> None:
    """Any other is told where that begins, and the same piece sent twice is one."""
    assert (await desk.put(MODEL[:100])).json()["offset"] == 100
    for offset in (0, 50, 200):
        answer = await desk.put(MODEL[offset : offset + 10], offset)
        assert (*kind_of(answer), answer.json()["offset"]) == (409, "upload-offset", 100)
    assert kind_of(await desk.put(bytes(PIECE + 1), 100)) == (413, "content-too-large")
    assert kind_of(await desk.put(b"more than was said", 100, size=110)) == (422, "upload-refused")


async def test_f05_what_has_another_digest_is_thrown_away(desk: Desk) -> None:
    """It can be sent anew from its beginning."""
    small = f"/v1/uploads/{hashlib.sha256(b'weights').hexdigest()}"
    answer = await desk.put(b"weighTs", size=7, address=small)
    assert kind_of(answer) == (422, "upload-refused")
    assert "it was thrown away" in answer.json()["detail"]
    assert (desk.parts, list(desk.store.items())) == ([], [])
    assert (await desk.put(b"weights", size=7, address=small)).json()["complete"]


async def test_f10_a_full_disk_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is written where there is no room for all of it, and while it is taken in; then it is gone on with."""
    usage = shutil.disk_usage(desk.folder)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=1000))
    answer = await desk.put(MODEL[:100])
    assert kind_of(answer) == (507, "no-room")
    assert "1000 bytes are free" in answer.json()["detail"]
    monkeypatch.undo()
    await desk.put(MODEL[:100], size=200)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert kind_of(await desk.put(MODEL[100:200], 100, 200)) == (507, "no-room")
    monkeypatch.undo()
    small = hashlib.sha256(MODEL[:200]).hexdigest()
    assert desk.parts == [f"{DIGEST}.part"]
    (desk.folder / "uploads" / f"{DIGEST}.part").rename(desk.folder / "uploads" / f"{small}.part")
    assert (await desk.put(b"", 200, 200, f"/v1/uploads/{small}")).json()["complete"]


async def test_f51_what_is_not_gone_on_with_is_thrown_away(desk: Desk) -> None:
    """After a day; and no more are begun than may be under way."""
    for number in range(MOST_OPEN):
        await desk.put(b"a", size=2, address=f"/v1/uploads/{number:064x}")
    assert kind_of(await desk.put(b"a", size=2)) == (507, "no-room")
    for name in desk.parts[:3]:
        long_ago = time.time() - LEFT_SECONDS - 1
        os.utime(desk.folder / "uploads" / name, (long_ago, long_ago))
    assert (await desk.put(b"a", size=2)).status_code == 200
    assert len(desk.parts) == MOST_OPEN - 2


@pytest.mark.parametrize(
    ("address", "given"),
    [("/v1/uploads/short", {}), (ADDRESS, {"offset": -1}), (ADDRESS, {"size": 0}), (ADDRESS, {"size": 2**41})],
)
async def test_what_names_no_model_is_refused(desk: Desk, address: str, given: dict[str, Any]) -> None:
    """Nothing of it is kept."""
    answer = await desk.put(b"a", address=address, **given)
    assert kind_of(answer) == (422, "invalid-request")
    assert desk.parts == []
