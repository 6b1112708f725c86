"""ONNX: a network of any library, in one file. It says itself what it computes, so nothing is announced of it.

Needs the extra `onnx`; its libraries are imported when such a file comes. Files beside the model, functions of its own and
operators that are not ONNX's are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from play.games.game import Game
from play.models.architectures.registry import MAX_WEIGHTS
from play.models.formats.format import Checkpoint, CheckpointError, Format, shown
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

LEAST_OPSET = 7
MOST_BYTES = 8 * MAX_WEIGHTS + 64 * 1024 * 1024
DOMAINS = ("", "ai.onnx")
DEPTH = 8
"""How deep graphs may stand within graphs."""


class OnnxNetwork(nn.Module):
    """A session as a network: float32 observations in, logits and values out, on one thread."""

    def __init__(self, session: Any, observation: str, outputs: tuple[str, str]) -> None:
        super().__init__()
        self._session, self._observation, self._outputs = session, observation, list(outputs)

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Policy logits and value of every position of the batch."""
        given = {self._observation: observation.cpu().contiguous().numpy()}
        logits, value = self._session.run(self._outputs, given)
        return torch.from_numpy(logits), torch.from_numpy(value)


def recognises(head: bytes) -> bool:
    """A protobuf whose first field is the version of the format, as ONNX writers put it; then one of the model's other fields."""
    return (
        len(head) > 2
        and head[0] == 0x08
        and 3 <= head[1] <= 32
        and head[2] in (0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72)
    )


def load(file: ModelFile, game: Game) -> Checkpoint:
    """Read an ONNX file. CheckpointError says what was found and what to do."""
    onnx = _library("onnx")
    if (size := file.path.stat().st_size) > MOST_BYTES:
        raise CheckpointError(f"it is an ONNX file of {size} bytes: at most {MOST_BYTES} are accepted")
    data = file.path.read_bytes()
    model = _parsed(onnx, data)
    weights = _check(onnx, model)
    [observation], [logits, value] = _inputs(model), _outputs(model)
    _require_shape(observation, game.observation_shape, "input")
    _require_shape(logits, (game.num_actions,), "first output, the logits,")
    _require_shape(value, (game.num_players,), "second output, the value,")
    names = observation.name, (logits.name, value.name)
    notes = [f"opset {_opset(model)}, input `{shown(observation.name, 60)}`"]
    del model, observation, logits, value  # the session has a copy of its own
    network = OnnxNetwork(_session(data), *names).eval()
    return Checkpoint(network, ModelMetadata(architecture="onnx", parameters=weights, format="onnx", notes=notes))


def _library(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError as error:
        raise CheckpointError(
            "it is an ONNX file, and this machine lacks the extra for it: pip install ringrift-suite[onnx]"
        ) from error


def _parsed(onnx: Any, data: bytes) -> Any:
    try:
        return onnx.load_model_from_string(data)
    except Exception as error:  # the parser's own types
        raise CheckpointError(f"it begins as an ONNX file and is none, or is torn: {shown(str(error))}") from error


def _check(onnx: Any, model: Any) -> int:
    """Refuse what reaches beyond the file; returns the number of weights."""
    weights, external = 0, onnx.TensorProto.EXTERNAL
    for tensor in _tensors(model.graph):
        if tensor.data_location == external or tensor.external_data:
            raise CheckpointError(
                "it is an ONNX file with its weights in other files, which are not read; save it as one file"
            )
        count = 1
        for each in tensor.dims:
            count *= max(each, 0)
        weights += count
    if weights > MAX_WEIGHTS:
        raise CheckpointError(f"it is an ONNX file with {weights} weights: at most {MAX_WEIGHTS} are accepted")
    others = sorted({each.domain for each in model.opset_import if each.domain not in DOMAINS})
    if others or model.functions or model.training_info:
        raise CheckpointError(
            f"it is an ONNX file with operators that are not ONNX's own ({shown(', '.join(others) or 'functions')}); "
            "export it without"
        )
    _require_opset(onnx, model)
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # the checker's own types
        raise CheckpointError(f"it is an ONNX file that is not as ONNX wants it: {shown(str(error), 200)}") from error
    return weights


def _tensors(graph: Any, depth: int = 0) -> Iterator[Any]:
    """Every tensor of a graph and of those within it."""
    if depth > DEPTH:
        raise CheckpointError(f"it is an ONNX file with graphs within graphs, more than {DEPTH} deep")
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for attribute in (each for node in graph.node for each in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for inner in (attribute.g, *attribute.graphs):
            if inner.node or inner.initializer or inner.sparse_initializer:
                yield from _tensors(inner, depth + 1)


def _opset(model: Any) -> int:
    return max((int(each.version) for each in model.opset_import if each.domain in DOMAINS), default=0)


def _require_opset(onnx: Any, model: Any) -> None:
    most = int(onnx.defs.onnx_opset_version())
    if not LEAST_OPSET <= _opset(model) <= most:
        raise CheckpointError(
            f"it is an ONNX file of opset {_opset(model)}: {LEAST_OPSET} to {most} are known; export it for one of these"
        )


def _inputs(model: Any) -> list[Any]:
    weights = {each.name for each in model.graph.initializer}
    found = [each for each in model.graph.input if each.name not in weights]
    if len(found) != 1:
        raise CheckpointError(f"it is an ONNX file with {len(found)} inputs: expected one, the observation")
    return found


def _outputs(model: Any) -> list[Any]:
    found = list(model.graph.output)
    if len(found) != 2:
        raise CheckpointError(f"it is an ONNX file with {len(found)} outputs: expected two, the logits and the value")
    return found


def _require_shape(about: Any, wanted: tuple[int, ...], what: str) -> None:
    """A float32 of this shape for each position of a batch of any size."""
    kind = about.type.tensor_type
    dims = list(kind.shape.dim)
    sizes = [each.dim_value if each.HasField("dim_value") else None for each in dims]
    found = ", ".join("any" if size is None else str(size) for size in sizes)
    if kind.elem_type != 1 or len(sizes) != 1 + len(wanted) or sizes[0] is not None or tuple(sizes[1:]) != wanted:
        raise CheckpointError(
            f"it is an ONNX file whose {what} `{shown(about.name, 60)}` is [{found}] of type {kind.elem_type}: expected "
            f"[any, {', '.join(map(str, wanted))}] of type 1, float32; export it with a dynamic first dimension"
        )


def _session(data: bytes) -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    runtime = _library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena, options.log_severity_level = False, 4
    try:
        return runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own types
        raise CheckpointError(f"it is an ONNX file that ONNX Runtime cannot run: {shown(str(error), 200)}") from error


FORMAT = Format("onnx", recognises, load)
