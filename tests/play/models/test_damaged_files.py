"""Files that are damaged, torn, or no models at all: each is a CheckpointError at the first try, which says what was found."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from play.games.registry import get_game
from play.models.formats.format import CheckpointError
from play.models.formats.registry import load_model
from play.models.model_file import ModelFile
from tests.kit.foreign_models import ARCHITECTURE, PARAMETERS, network, write
from tests.kit.hostile_models import script
from tests.kit.jobs import tiny_checkpoint
from tests.play.models.broken import good_checkpoint

GAME = get_game("hex8", 2)


def refusal(path: Path, name: str = "models/a.pth") -> str:
    """Why a file is refused."""
    with pytest.raises(CheckpointError) as caught:
        load_model(ModelFile(path=path, name=name, architecture=ARCHITECTURE, parameters=PARAMETERS), GAME)
    return str(caught.value)


@pytest.mark.parametrize("record", range(6))
def test_f05_a_flipped_bit_in_a_tensor_is_damage(record: int, tmp_path: Path) -> None:
    """Whichever record of numbers it is in, the file is refused as damaged, and the record named."""
    path = good_checkpoint(tmp_path / "a.pth")
    with zipfile.ZipFile(path) as archive:
        name = [each for each in archive.namelist() if "/data/" in each][record]
        entry = archive.getinfo(name)
        data = bytearray(path.read_bytes())
        start = entry.header_offset + 30 + sum(struct.unpack_from("<HH", data, entry.header_offset + 26))
    data[start + entry.file_size // 2] ^= 1
    path.write_bytes(data)
    assert f"it is damaged: the bytes of its record {name} do not have the checksum" in refusal(path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.9999])
def test_f05_a_torn_file_is_called_torn(share: float, tmp_path: Path) -> None:
    """A save that was cut off says so, and how files are to be written."""
    data = good_checkpoint(tmp_path / "a.pth").read_bytes()
    (tmp_path / "a.pth").write_bytes(data[: int(len(data) * share)])
    text = refusal(tmp_path / "a.pth")
    assert "it is torn" in text
    assert "write it under another name, then rename it" in text


def test_f05_two_saves_in_one_file_are_damage(tmp_path: Path) -> None:
    """The beginning of one save and the end of the next are no checkpoint."""
    one = tiny_checkpoint(tmp_path / "one.pth", seed=1).read_bytes()
    two = tiny_checkpoint(tmp_path / "two.pth", seed=2).read_bytes()
    (tmp_path / "a.pth").write_bytes(one[: len(one) // 2] + two[len(two) // 2 :])
    assert "it is damaged" in refusal(tmp_path / "a.pth")


def test_f05_a_torn_safetensors_file_is_called_torn(tmp_path: Path) -> None:
    """Its header tells where the numbers end."""
    path = write("safetensors", tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert "it is a torn safetensors file" in refusal(path)


def test_f05_a_file_without_checksums_is_refused(tmp_path: Path) -> None:
    """Damage could not be seen; the text says how it is saved with them."""
    state = network().state_dict()
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"state_dict": state}, tmp_path / "a.pth")
    finally:
        torch.serialization.set_crc32_options(True)
    assert "saved without checksums" in refusal(tmp_path / "a.pth")


def written(data: bytes) -> Callable[[Path], object]:
    """A file of these bytes."""
    return lambda path: path.write_bytes(data)


def legacy(path: Path) -> None:
    """As torch wrote files before it wrote zips."""
    torch.save({"a": torch.ones(1)}, path, _use_new_zipfile_serialization=False)


def tar(path: Path, compression: str = "") -> None:
    """An archive with a checkpoint within."""
    with tarfile.open(path, f"w:{compression}") as archive:  # type: ignore[call-overload]
        archive.addfile(tarfile.TarInfo("model.pth"))


def npz(path: Path) -> None:
    """Arrays of numpy."""
    with path.open("wb") as stream:
        np.savez_compressed(stream, a=np.ones(3))


def other_zip(*names: str) -> Callable[[Path], object]:
    """A zip of something else."""

    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.writestr(name, b"x" * 100)

    return make


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"
KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    **{f"pickle {each}": (written(pickle.dumps({"a": 1}, each)), "a bare pickle") for each in (2, 3, 4, 5)},
    "legacy torch": (legacy, "a legacy torch file"),
    "gzip": (written(gzip.compress(b"x")), "a gzip file; unpack it"),
    "zstd": (written(b"\x28\xb5\x2f\xfd\x24"), "a zstd file"),
    "tar": (tar, "a tar archive"),
    "tar.gz": (lambda path: tar(path, "gz"), "a gzip file"),
    "HTML": (written(b"\n<!DOCTYPE html><html>"), "an HTML page; the download answered"),
    "XML": (written(b"<?xml version='1.0'?><Error>"), "an XML document"),
    "LFS": (written(LFS), "a Git LFS pointer, not the model itself; fetch it with git lfs pull"),
    "empty": (written(b""), "an empty file"),
    "JSON": (written(json.dumps({"layers": 3}).encode()), "JSON text"),
    "text": (written(b"weights"), "text, which begins with 'weights'"),
    "TorchScript": (lambda path: script(path, path), "a TorchScript archive, a program of its own"),
    "pt2": (other_zip("m/archive_format", "m/models/model.json"), "a .pt2 archive"),
    "npz": (npz, "a numpy npz"),
    "npy": (written(b"\x93NUMPY\x01\x00v\x00{'descr'"), "a numpy array"),
    "HDF5": (written(b"\x89HDF\r\n\x1a\n\0\0"), "an HDF5 file, as Keras"),
    "Keras": (other_zip("metadata.json", "config.json", "model.weights.h5"), "a Keras model"),
    "GGUF": (written(b"GGUF\x03\0\0\0"), "a GGUF file"),
    "jar": (other_zip("META-INF/MANIFEST.MF", "A.class"), "a zip that torch.save did not write; it holds A.class"),
    "noise": (written(bytes(range(200, 256)) + bytes(8)), "no kind of model file that is known; it begins with the bytes c8 c9"),
    "module": (lambda path: torch.save(torch.nn.Linear(2, 2), path), "it names torch.nn.modules.linear.Linear"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_f33_the_reason_names_the_announced_file_and_what_it_is(kind: str, tmp_path: Path) -> None:
    """What people announced, what it is, what was found and what to do; no path that they never saw."""
    make, words = KINDS[kind]
    make(tmp_path / "c916")
    text = refusal(tmp_path / "c916")
    assert text.startswith("models/a.pth: it ")
    assert words in text
    assert "c916" not in text
