"""What a file is that no format reads, and what its owner can do: told by its first bytes, or by the names in a zip.

Reads nothing itself. The advice is for people; nothing decides by it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from play.models.formats.format import shown

SAVE = 'torch.save({"state_dict": network.state_dict()}, path)'
LEGACY_MAGIC = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch.save began its files before it wrote zips, after the two bytes of the pickle's protocol."""
TEXT = re.compile(rb"[\t\r\n\x20-\x7e\x80-\xff]*")


class Kind(NamedTuple):
    """A kind of file by the pattern that its first bytes match."""

    pattern: bytes
    what: str
    do: str


_UNPACK = "unpack it and give the model file inside"
_CONVERT = "load it with its own library and export ONNX or safetensors"
KINDS = (
    Kind(rb"$", "an empty file", "a checkpoint must be written whole, then renamed"),
    Kind(rb"version https://git-lfs\.github\.com", "a Git LFS pointer, not the model itself", "fetch it with git lfs pull"),
    Kind(rb"(?i)\s*(?:<!doctype html|<html)", "an HTML page", "the download answered with a page instead of the file"),
    Kind(rb"\s*<(?:\?xml|Error)", "an XML document", "the download answered with an error instead of the file"),
    Kind(rb"\x80[\x02-\x05]" + re.escape(LEGACY_MAGIC), "a legacy torch file, from before torch wrote zips",
         f"load it with torch.load(path, weights_only=True) and save it again: {SAVE}"),
    Kind(rb"\x80[\x02-\x05]", "a bare pickle, which could run any code when it is read", f"save the weights alone: {SAVE}"),
    Kind(rb"\x1f\x8b", "a gzip file", _UNPACK),
    Kind(rb"\x28\xb5\x2f\xfd", "a zstd file", _UNPACK),
    Kind(rb"\xfd7zXZ\x00", "an xz file", _UNPACK),
    Kind(rb"BZh[1-9]", "a bzip2 file", _UNPACK),
    Kind(rb"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    Kind(rb"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    Kind(rb"(?s)(?:sys_info|pickle|storages|tensors)\x00.{250,}", "a legacy torch file (a tar)",
         f"load it with torch.load(path, weights_only=True) and save it again: {SAVE}"),
    Kind(rb"(?s).{257}ustar", "a tar archive", _UNPACK),
    Kind(rb"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras writes them", _CONVERT),
    Kind(rb"\x93NUMPY", "a numpy array", _CONVERT),
    Kind(rb"GGUF|ggml|tjgg", "a GGUF file", _CONVERT),
    Kind(rb"(?s).{4}TFL3", "a TensorFlow Lite model", _CONVERT),
    Kind(rb"(?s).{4}ORTM", "an ONNX Runtime ORT file", "give the .onnx file that it was made from"),
    Kind(rb"\x7fELF|MZ", "a program", "give a model file"),
    Kind(rb"\x89PNG|\xff\xd8\xff|GIF8|%PDF", "a picture or document", "give a model file"),
    Kind(rb"\s*[{\[]", "JSON text", "give the file with the weights, not its description"),
)  # fmt: skip


def advice_on(head: bytes) -> str:
    """What a file with these first bytes is, and what to do."""
    for kind in KINDS:
        if re.match(kind.pattern, head):
            return f"it is {kind.what}; {kind.do}"
    if TEXT.fullmatch(head):
        begin = shown(head[:40].decode("utf-8", "replace"))
        return f"it is text, which begins with {begin!r}; give a model file"
    return f"it is no kind of model file that is known; it begins with the bytes {head[:8].hex(' ')}"


def advice_on_zip(names: Collection[str]) -> str:
    """What a zip with these names is that is no file of torch.save, and what to do."""
    tails = {name.partition("/")[2] for name in names} | set(names)
    if "archive_format" in tails or any("exported_program" in name for name in tails):
        return f"it is a .pt2 archive of torch.export, whose reader can run code; save the weights alone: {SAVE}"
    if names and all(name.endswith(".npy") for name in names):
        return f"it is a numpy npz; {_CONVERT}"
    if "model.weights.h5" in tails:
        return f"it is a Keras model; {_CONVERT}"
    some = ", ".join(shown(name, 40) for name in sorted(names)[:3]) or "nothing"
    return f"it is a zip that torch.save did not write; it holds {some}; give the model file itself"
