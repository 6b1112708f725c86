"""Model files as a trainer puts them into the suite's models folder: whole or not at all, named by digest, so that twice is once.

Weights become a safetensors file, whatever framework they are of; none is imported here, and nothing is pickled.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

CHUNK = 1024 * 1024
FOLDER = "submitted"
"""Where files are put that did not lie in the models folder."""
KINDS = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip
"""What safetensors calls the kinds of numbers, by numpy's names."""


class Placed(NamedTuple):
    """A file in the models folder: its path as it is announced, and its SHA-256."""

    model_path: str
    digest: str


def place(model: object, models: Path, configuration: str, said: Mapping[str, str]) -> Placed:
    """Put a model into the models folder: a file by its path, or weights by name, which get `said` as metadata. A file that lies
    there already stays where it is. OSError, and ValueError or TypeError for what is neither."""
    if isinstance(model, str | os.PathLike):
        return _place_file(Path(model), models, configuration)
    if not isinstance(model, Mapping):
        raise TypeError(f"a model is the path of its file, or its weights by name, and not {type(model).__name__}")
    return _publish(_safetensors(model, said), models, configuration, ".safetensors")


def _place_file(path: Path, models: Path, configuration: str) -> Placed:
    inside, folder = path.resolve(), models.resolve()
    if inside.is_relative_to(folder):
        with inside.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Placed(f"models/{inside.relative_to(folder).as_posix()}", digest)
    with inside.open("rb") as stream:
        return _publish(iter(lambda: stream.read(CHUNK), b""), models, configuration, path.suffix)


def _publish(pieces: Iterator[bytes], models: Path, configuration: str, suffix: str) -> Placed:
    """Write a file, force it to disk, and give it the name that its digest gives it."""
    folder, sha = models / FOLDER, hashlib.sha256()
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".incoming-{secrets.token_hex(8)}"
    try:
        with unfinished.open("xb") as stream:
            for piece in pieces:
                sha.update(piece)
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
        name = f"{configuration}-{sha.hexdigest()[:16]}{suffix}"
        unfinished.replace(folder / name)
        flush_folder(folder)
    finally:
        unfinished.unlink(missing_ok=True)
    return Placed(f"models/{FOLDER}/{name}", sha.hexdigest())


def flush_folder(folder: Path) -> None:
    """Force a folder's names to disk, where the system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _safetensors(weights: Mapping[str, Any], said: Mapping[str, str]) -> Iterator[bytes]:
    """The file, piece by piece: the header's length, the header, the tensors one after the other."""
    arrays = dict(_flat(weights))
    header: dict[str, Any] = {"__metadata__": dict(said)}
    end = 0
    for name, array in arrays.items():
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": _kind(name, array), "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for array in arrays.values():
        yield array.tobytes()


def _flat(weights: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays of a state dict, or of a tree of dictionaries and lists, which gives them names such as `layers.0.weight`."""
    if isinstance(weights, Mapping):
        members: Any = weights.items()
    elif isinstance(weights, list | tuple):
        members = enumerate(weights)
    else:
        yield prefix, _array(prefix, weights)
        return
    for name, each in members:
        yield from _flat(each, f"{prefix}.{name}" if prefix else str(name))


def _array(name: str, value: Any) -> Any:
    """A tensor of torch, or an array of JAX or numpy, as one of numpy, which comes with each of them."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        return (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
    if not hasattr(value, "__array__"):
        raise TypeError(f"{name} is {type(value).__name__}, and no array")
    return value.__array__()


def _kind(name: str, array: Any) -> str:
    if array.dtype.name not in KINDS:
        raise ValueError(f"{name} holds {array.dtype.name}: known are {', '.join(KINDS)}")
    return KINDS[array.dtype.name]
