"""safetensors files: tensors behind a header of JSON, with texts about them as metadata."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import torch
from safetensors import safe_open

from play.games.game import Game
from play.models.architectures.registry import count_weights
from play.models.formats.announced import Said, agreed
from play.models.formats.format import Checkpoint, CheckpointError, Format, shown
from play.models.formats.weights import Weight, fill, fingerprint_of, new_network
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

MOST_HEADER = 8 * 1024 * 1024
DTYPES = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
    "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool,
}  # fmt: skip


def recognises(head: bytes) -> bool:
    """Eight bytes of the header's length, then JSON."""
    return len(head) >= 9 and head[8:9] == b"{" and not head.startswith(b"{")


def load(file: ModelFile, game: Game) -> Checkpoint:
    """Read a safetensors file. CheckpointError says what was found and what to do."""
    _check_header(file)
    try:
        with safe_open(file.path, "pt") as tensors:
            return _loaded(tensors, file, game)
    except CheckpointError:
        raise
    except Exception as error:  # the library has an error of its own, and raises others too
        raise CheckpointError(f"it is a damaged safetensors file: {shown(str(error), 200)}") from error


def _check_header(file: ModelFile) -> None:
    """Refuse a header that is torn, too long, or says one thing twice."""
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > min(MOST_HEADER, size - 8):
            raise CheckpointError(
                f"it begins as a safetensors file whose header has {length} bytes: the file has {size}, and at most {MOST_HEADER} "
                "are accepted; it is torn, or no model"
            )
        try:
            header = json.loads(stream.read(length), object_pairs_hook=_once)
        except (ValueError, RecursionError) as error:
            raise CheckpointError(
                f"it begins as a safetensors file, and its header is no JSON: {shown(str(error))}"
            ) from error
    if not isinstance(header, dict):
        raise CheckpointError("it begins as a safetensors file, and its header is no object")
    end = max((_end(each) for name, each in header.items() if name != "__metadata__"), default=0)
    if 8 + length + end != size:
        text = f"its tensors end at byte {8 + length + end}, and the file has {size}"
        raise CheckpointError(f"it is a torn safetensors file: {text}; write it whole, then rename it")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _end(entry: object) -> int:
    match entry:
        case {"data_offsets": [int(start), int(end)]} if 0 <= start <= end < 2**48:
            return end
    raise CheckpointError("it begins as a safetensors file, and its header says of a tensor no place")


def _loaded(tensors: Any, file: ModelFile, game: Game) -> Checkpoint:
    names = list(tensors.keys())
    if not names:
        raise CheckpointError("it is a safetensors file without tensors")
    said = Said.of(tensors.metadata() or {})
    told = agreed(
        said, file, game, f"a safetensors file, the first of whose {len(names)} tensors is {shown(names[0], 60)}"
    )
    network = new_network(told.architecture, told.parameters, game)
    notes = fill(network, {name: _weight(tensors, name) for name in names})
    return Checkpoint(
        network,
        ModelMetadata(
            architecture=told.architecture, parameters=count_weights(network), version=said.version, format="safetensors",
            notes=notes, fingerprint=fingerprint_of(network, told.architecture, told.parameters, game),
        ),
    )  # fmt: skip


def _weight(tensors: Any, name: str) -> Weight:
    about = tensors.get_slice(name)
    kind = str(about.get_dtype())
    if kind not in DTYPES:
        raise CheckpointError(f"{shown(name)} is {shown(kind)}: known are {', '.join(DTYPES)}")
    read: Callable[[], torch.Tensor] = lambda: tensors.get_tensor(name)  # noqa: E731
    return Weight(DTYPES[kind], tuple(about.get_shape()), read)


FORMAT = Format("safetensors", recognises, load)
