"""What a node's disk holds: former models beside the present one, damage that is noticed, content that is what its name says."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from services.distribution.agent.content import WrongContentError, require_content
from services.distribution.agent.rehash import rehash
from services.distribution.agent.schemas import ModelOrder
from services.distribution.agent.store import ModelStore, StoreError, VersionRefusedError
from tests.kit.jobs import tiny_checkpoint

KEY = "hex8_2p"


def sha(content: bytes) -> str:
    """The identity of a model."""
    return hashlib.sha256(content).hexdigest()


def hold(store: ModelStore, version: int, content: bytes, key: str = KEY) -> bool:
    """Hold these bytes, by a transfer if they are not here; whether there was one."""
    digest = sha(content)
    if store.admit(key, version, digest):
        return False
    part = store.part(key, digest)
    part.take_up()
    part.write(content)
    store.publish(key, version, digest, part)
    return True


def kept(folder: Path) -> set[str]:
    """The digests of the former models."""
    return {path.stem for path in (folder / "kept" / KEY).glob("*.pth")}


def test_going_back_needs_no_transfer(tmp_path: Path) -> None:
    """The model before the present one stays, older ones go; coming back under a higher version, it takes its place at once."""
    store = ModelStore(tmp_path)
    for version, content in enumerate((b"one", b"two", b"three"), start=1):
        assert hold(store, version, content)
    assert kept(tmp_path) == {sha(b"two")}
    assert not hold(store, 4, b"two")
    assert store.path(KEY).read_bytes() == b"two"
    assert store.models()[KEY][:2] == (4, sha(b"two"))
    assert kept(tmp_path) == {sha(b"three")}
    assert hold(store, 5, b"one")
    assert ModelStore(tmp_path).models()[KEY][:2] == (5, sha(b"one"))


def test_what_is_pinned_stays(tmp_path: Path) -> None:
    """However many come after it; and where none is to stay, none does."""
    store = ModelStore(tmp_path, keeps=0, pinned=[sha(b"one")])
    for version, content in enumerate((b"one", b"two", b"three"), start=1):
        assert hold(store, version, content)
    assert kept(tmp_path) == {sha(b"one")}


def test_g01_a_former_model_that_was_damaged_is_not_put_back(tmp_path: Path) -> None:
    """Its bytes are read before; it is fetched anew."""
    store = ModelStore(tmp_path)
    hold(store, 1, b"one")
    hold(store, 2, b"two")
    (tmp_path / "kept" / KEY / f"{sha(b'one')}.pth").write_bytes(b"other")
    assert hold(store, 3, b"one")
    assert store.path(KEY).read_bytes() == b"one"


async def test_g11_a_disk_that_forgets_is_noticed_and_mended(tmp_path: Path) -> None:
    """Bytes that change while size, times and all stay are seen when the model is read again; then they are fetched anew."""
    store = ModelStore(tmp_path)
    hold(store, 1, b"first")
    path = store.path(KEY)
    path.write_bytes(b"worst")
    store.found(path, store.look(path) or (), sha(b"first"))  # as if nothing about the file had changed
    assert KEY in store.models()
    await rehash(store)
    models, damaged = store.inventory()
    assert models == {}
    assert damaged == {KEY: (1, sha(b"first"), sha(b"worst"))}
    assert hold(store, 1, b"first")
    assert store.inventory() == ({KEY: (1, sha(b"first"), 5, 0)}, {})
    assert kept(tmp_path) == set(), "damaged bytes are not kept"


def test_g11_a_file_that_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    """The disk gives an error for one file: that is said of it, and the others are reported."""
    store = ModelStore(tmp_path)
    hold(store, 1, b"first")
    hold(store, 1, b"other", "square8_2p")
    path = store.path(KEY)
    store.found(path, store.look(path) or (), None)
    models, damaged = store.inventory()
    assert list(models) == ["square8_2p"]
    assert damaged == {KEY: (1, sha(b"first"), None)}
    assert hold(store, 1, b"first")


def test_models_of_what_is_not_played_are_removed(tmp_path: Path) -> None:
    """With the next start, and no other; the version that was reached stays remembered, so that nobody can take the node back."""
    store = ModelStore(tmp_path, keeps=1)
    for version, content in enumerate((b"one", b"two"), start=1):
        hold(store, version, content)
    hold(store, 5, b"other", "square8_2p")
    store = ModelStore(tmp_path, plays=["square8_2p"])
    assert list(store.models()) == ["square8_2p"]
    assert not store.path(KEY).exists()
    assert kept(tmp_path) == set()
    with pytest.raises(VersionRefusedError, match="version 2"):
        ModelStore(tmp_path).admit(KEY, 1, sha(b"one"))


@pytest.mark.parametrize("content", [b"first", b"PK\x03\x04 no zip", b"\x10\0\0\0\0\0\0\0not json", b""])
def test_f56_a_file_that_says_nothing_is_not_judged(tmp_path: Path, content: bytes) -> None:
    """Other formats, and what is none."""
    (tmp_path / "model").write_bytes(content)
    require_content(tmp_path / "model", "hex8_3p")


def test_f56_bytes_are_what_their_name_says(tmp_path: Path) -> None:
    """A checkpoint for two players is not published as one for three, and the text says what it is; the former model stays."""
    checkpoint = tiny_checkpoint(tmp_path / "two.pth")
    require_content(checkpoint, KEY)
    with pytest.raises(WrongContentError, match="it is for hex8 with 2 players, not for hex8_3p"):
        require_content(checkpoint, "hex8_3p")
    store = ModelStore(tmp_path / "node")
    hold(store, 1, b"former", "hex8_3p")
    with pytest.raises(StoreError, match="2 players"):
        hold(store, 2, checkpoint.read_bytes(), "hex8_3p")
    assert store.models()["hex8_3p"].version == 1
    assert hold(store, 1, checkpoint.read_bytes())


@pytest.mark.parametrize("changed", [{"version": 10**26}, {"version": 2**31}, {"size": 2**45}])
def test_f56_an_orders_numbers_have_bounds(changed: dict[str, Any]) -> None:
    """Those of the ledger's columns: a version beyond them would spend the node's ratchet for ever."""
    order = {"version": 1, "digest": "a" * 64, "size": 1, "source": "http://h/v1/artifacts/" + "a" * 64}
    assert ModelOrder.model_validate(order)
    with pytest.raises(ValueError, match=next(iter(changed))):
        ModelOrder.model_validate(order | changed)
