"""The names that a torch checkpoint may call, and what each gives: descriptions of tensors, numbers, and harmless odds and ends.

Nothing of torch is called for a file's sake; a tensor is described here, and its numbers are read later, if they are wanted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from play.models.formats.format import CheckpointError, shown
from play.models.formats.plain_pickle import Makers, Named, Odd, refused

MOST_DIMENSIONS = 32
SIMPLE = re.compile(r"[<>|=]?[biuf][1248]")
STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32, "ShortStorage": torch.int16,
    "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64, "ComplexDoubleStorage": torch.complex128,
}  # fmt: skip
DTYPES = {str(each): each for each in vars(torch).values() if isinstance(each, torch.dtype)}
ODDS = {
    "torch._utils._rebuild_sparse_tensor": "a sparse tensor", "torch._utils._rebuild_qtensor": "a quantized tensor",
    "torch._utils._rebuild_meta_tensor_no_storage": "a tensor without numbers", "torch.serialization._get_layout": "a layout",
    "numpy.ndarray": "a numpy array", "numpy.core.multiarray._reconstruct": "a numpy array",
    "numpy._core.multiarray._reconstruct": "a numpy array", "builtins.set": "a set", "__builtin__.set": "a set",
    "builtins.frozenset": "a set", "__builtin__.frozenset": "a set", "builtins.complex": "a complex number",
    "__builtin__.complex": "a complex number", "datetime.datetime": "a time", "datetime.date": "a date",
    "datetime.timedelta": "a duration", "datetime.timezone": "a time zone", "collections.Counter": "a counter",
    "argparse.Namespace": "a namespace", "types.SimpleNamespace": "a namespace", "pathlib.PosixPath": "a path",
    "pathlib.PurePosixPath": "a path", "pathlib.WindowsPath": "a path", "uuid.UUID": "a UUID", "torch.device": "a device",
}  # fmt: skip
DICTIONARIES = (
    "collections.OrderedDict", "collections.defaultdict", "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict", "lightning.fabric.utilities.data.AttributeDict",
)  # fmt: skip


class Storage(NamedTuple):
    """A record of numbers beside the index. `dtype`: None for one of bytes, whose tensors say what they are of."""

    dtype: torch.dtype | None
    key: str
    bytes: int


class StoredTensor(NamedTuple):
    """A tensor over a storage; offset and strides count numbers, and all of it lies inside the storage."""

    dtype: torch.dtype
    key: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def extent(self) -> int:
        """How many numbers lie between its first and its last, both counted."""
        if 0 in self.size:
            return 0
        return 1 + sum((size - 1) * stride for size, stride in zip(self.size, self.stride, strict=True))


class NumpyType:
    """numpy's description of a number, as far as it is needed to read a scalar."""

    def __init__(self, name: str, *_: object) -> None:
        self._name, self._order = name, ""

    def take_state(self, state: object) -> None:
        """The byte order."""
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">", "|", "="):
            self._order = state[1]

    def scalar(self, data: object = b"", *_: object) -> object:
        """The number of these bytes."""
        name = f"{self._order}{self._name}"
        if not isinstance(data, bytes) or not SIMPLE.fullmatch(name) or len(data) != np.dtype(name).itemsize:
            return Odd("a numpy value")
        return np.frombuffer(data, name)[0].item()


def storage(reference: object) -> Storage:
    """The storage that a reference in the index means."""
    match reference:
        case ("storage", Named(name=name), str(key), _, int(count)) if 0 <= count < 2**48 and key.isalnum():
            if name == "torch.storage.UntypedStorage":
                return Storage(None, key, count)
            if name.startswith("torch.") and name[6:] in STORAGES:
                dtype = STORAGES[name[6:]]
                return Storage(dtype, key, count * dtype.itemsize)
    raise refused("it refers to something outside that is no storage")


def tensor(
    base: object, offset: object, size: object, stride: object, dtype: torch.dtype | None = None
) -> StoredTensor:
    """A tensor over a storage. CheckpointError when it would reach beyond it."""
    if not isinstance(base, Storage) or (dtype or base.dtype) is None:
        raise refused("a tensor has no storage")
    shape, steps = _numbers(size), _numbers(stride)
    [start] = _numbers((offset,))
    if len(shape) != len(steps):
        raise CheckpointError("its index is damaged: a tensor's shape and strides differ in length")
    found = StoredTensor(dtype or base.dtype or torch.float32, base.key, start, shape, steps)
    if (start + found.extent) * found.dtype.itemsize > base.bytes:
        raise CheckpointError(
            f"a tensor of shape {shown(str(list(shape)))} reaches beyond its storage of {base.bytes} bytes; the file is damaged"
        )
    return found


def _numbers(given: object) -> tuple[int, ...]:
    if not isinstance(given, tuple) or len(given) > MOST_DIMENSIONS:
        raise CheckpointError("its index is damaged: a tensor has no proper shape")
    if not all(type(each) is int and 0 <= each < 2**48 for each in given):
        raise CheckpointError("its index is damaged: a tensor has no proper shape")
    return given


def _rebuild_v2(base: object, offset: object, size: object, stride: object, *_: object) -> StoredTensor:
    return tensor(base, offset, size, stride)


def _rebuild_v3(
    base: object, offset: object, size: object, stride: object, grad: object, hooks: object, dtype: object, *_: object
) -> StoredTensor:
    name = dtype.name if isinstance(dtype, Named) else ""
    if name not in DTYPES:
        raise refused("a tensor has no known type of number")
    return tensor(base, offset, size, stride, DTYPES[name])


def _parameter(data: object, *_: object) -> object:
    return data


def _typed(make: object, kind: object, arguments: object, state: object) -> object:
    if not isinstance(make, Named) or not isinstance(arguments, tuple) or getattr(kind, "name", "") not in TENSORS:
        raise refused("it holds a tensor of a class of its own")
    return make.make(*arguments)


def _dictionary(*arguments: Any) -> dict[Any, Any]:
    if any(not isinstance(each, Named) and each is not None for each in arguments):
        raise refused("it makes a dictionary in an unusual way")
    return {}


def _size(*arguments: object) -> object:
    return _numbers(arguments[0] if arguments else ())


def _encoded(text: str, encoding: str = "latin1") -> bytes:
    if encoding not in ("latin1", "utf-8", "ascii") or not isinstance(text, str):
        raise refused("it encodes text in an unusual way")
    return text.encode(encoding)


def _scalar(kind: object, data: object = b"") -> object:
    return kind.scalar(data) if isinstance(kind, NumpyType) else Odd("a numpy value")


def _numpy_type(name: object = "", *_: object) -> object:
    return NumpyType(name) if isinstance(name, str) else Odd("a numpy type")


def _never(name: str) -> Callable[..., object]:
    def call(*_: object) -> object:
        raise refused(f"it calls {name}")

    return call


TENSORS = ("torch.Tensor", "torch._tensor.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")
_ONLY_NAMED = (
    *(f"torch.{name}" for name in STORAGES),
    "torch.storage.UntypedStorage",
    *DTYPES,
    *TENSORS,
    "builtins.int",
)


def _odd(what: str) -> Callable[..., object]:
    return lambda *_: Odd(what)


def _makers() -> Mapping[str, Callable[..., object]]:
    return {
        **{name: _odd(what) for name, what in ODDS.items()},
        **{name: _dictionary for name in DICTIONARIES},
        **{name: _never(name) for name in _ONLY_NAMED},
        **{f"{module}.multiarray.scalar": _scalar for module in ("numpy.core", "numpy._core")},
        "torch._utils._rebuild_tensor_v2": _rebuild_v2,
        "torch._utils._rebuild_tensor_v3": _rebuild_v3,
        "torch._utils._rebuild_parameter": _parameter,
        "torch._tensor._rebuild_from_type_v2": _typed,
        "torch.Size": _size,
        "numpy.dtype": _numpy_type,
        "_codecs.encode": _encoded,
    }


MAKERS: Makers = _makers()
