"""The signed pointer at the promotion service: what it signs, when, and what it says where it cannot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp

from services.promotion.service.signed_pointer import SignedPointer
from shared.contract.signed_pointer import TIMESTAMP, root_name
from shared.storage.pointer_keys import PointerKeys
from tests.promotion.conftest import Suite

PATH = "/v1/signed-pointer/"
DAY = 86400.0


@pytest.fixture
def keys(tmp_path: Path) -> PointerKeys:
    """Keys and a root."""
    keys = PointerKeys(tmp_path / "pointer")
    keys.begin(days=365)
    return keys


@pytest.fixture
def settings_changed(tmp_path: Path, keys: PointerKeys) -> dict[str, Any]:
    """The pointer is signed."""
    return {"pointer_dir": tmp_path / "pointer"}


async def timestamp(suite: Suite) -> Timestamp:
    """The newest timestamp that is served, once there is one."""

    async def served() -> Any:
        answer = await suite.client.get(PATH + TIMESTAMP)
        return answer if answer.status_code == 200 else None

    return Metadata[Timestamp].from_bytes((await suite.eventually(served)).content).signed


async def targets(suite: Suite) -> dict[str, tuple[int, str, int]]:
    """Version, digest and size by configuration, as a client reads them, verified by the root."""
    root = Metadata[Root].from_bytes((await suite.client.get(PATH + root_name(1))).content)
    version = (await timestamp(suite)).snapshot_meta.version
    for role, kind in (("snapshot", Snapshot), ("targets", Targets)):
        content = (await suite.client.get(f"{PATH}{version}.{role}.json")).content
        root.verify_delegate(role, Metadata[Any].from_bytes(content))
        assert isinstance(Metadata[Any].from_bytes(content).signed, kind)
    signed = Metadata[Targets].from_bytes(content).signed
    return {name: (each.custom["version"], each.hashes["sha256"], each.length) for name, each in signed.targets.items()}


async def test_what_is_canonical_is_signed(suite: Suite) -> None:
    """Nothing at first, then each version as soon as it is canonical, and a rollback as the higher version that it is."""
    assert await targets(suite) == {}
    digests = [await suite.promoted(content) for content in (b"first", b"secnd")]

    async def names(version: int, digest: str) -> Any:
        return await targets(suite) == {"hex8_2p": (version, digest, 5)}

    await suite.eventually(lambda: names(2, digests[1]))
    await suite.posts("/v1/configurations/hex8_2p/rollback", {"reason": "worse"}, seen=2)
    await suite.eventually(lambda: names(3, digests[0]))
    assert (await suite.client.get("/readyz")).status_code == 200


async def test_it_is_signed_again_before_it_expires_and_never_with_a_lower_number(
    suite: Suite, keys: PointerKeys
) -> None:
    """Nothing is signed while what was signed is good; half of its time later it is, also by a clock that was set back."""
    first, now = (await timestamp(suite)).version, datetime.now(UTC)
    assert abs(first - now.timestamp()) < 3600

    async def by(clock: datetime) -> int:
        await SignedPointer(suite.app.state.service.database, keys, DAY, lambda: clock).renew()
        return (await timestamp(suite)).version

    assert await by(now + timedelta(hours=11)) == first
    later = await by(now + timedelta(hours=13))
    assert later > first
    assert await by(now - timedelta(days=300)) == later + 1


async def test_files_that_are_not_there_are_said_to_be(suite: Suite) -> None:
    """Roots to come, versions never signed, names that are none."""
    for name in (root_name(2), "5.targets.json"):
        assert (await suite.client.get(PATH + name)).status_code == 404
    for name in ("online.pem", "0.root.json", "targets.json", "1.root.json.new"):
        assert (await suite.client.get(PATH + name)).status_code in (404, 422)


async def test_a_key_that_is_gone_is_said(suite: Suite, tmp_path: Path) -> None:
    """Promotion goes on; the service says that it is not ready, and why."""
    await timestamp(suite)
    (tmp_path / "pointer" / "online.pem").unlink()
    await suite.promoted(b"first")

    async def said() -> Any:
        answer = await suite.client.get("/readyz")
        return answer.status_code == 503 and answer.json()["checks"]["signed pointer"]

    assert "online.pem cannot be read" in await suite.eventually(said)


@pytest.mark.parametrize("settings_changed", [{}])
async def test_where_nothing_is_signed_that_is_said(suite: Suite) -> None:
    """With the setting that would change it."""
    answer = await suite.client.get(PATH + TIMESTAMP)
    assert (answer.status_code, "RINGRIFT_POINTER_DIR" in answer.json()["detail"]) == (404, True)
