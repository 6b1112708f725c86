"""What a file of torch.save holds: plain data, with tensors whose numbers are read when they are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from play.models.formats.format import CheckpointError, shown
from play.models.formats.plain_pickle import read_pickle
from play.models.formats.torch_values import MAKERS, Storage, StoredTensor, storage
from play.models.formats.torch_zip import TorchZip, open_torch_zip
from play.models.formats.weights import Weight
from play.models.model_file import ModelFile

SPREAD = 4
"""By how much a tensor's numbers may be spread in the file: many times more memory than it has numbers is not read."""


class Content:
    """An open file: `data` is what torch.load would give, with `StoredTensor` in place of tensors."""

    def __init__(self, archive: TorchZip) -> None:
        self._archive = archive
        self.data = read_pickle(archive.read("data.pkl"), MAKERS, self._storage)

    def weight(self, value: object) -> object:
        """A tensor of the file to be read later; anything else as it is."""
        if not isinstance(value, StoredTensor):
            return value
        return Weight(value.dtype, value.size, lambda: self._numbers(value))

    def _storage(self, reference: object) -> Storage:
        found = storage(reference)
        size = self._archive.record(f"data/{found.key}").size
        if size != found.bytes:
            raise CheckpointError(
                f"its index claims {found.bytes} bytes of numbers where the file has {size}; it is damaged"
            )
        return found

    def _numbers(self, tensor: StoredTensor) -> Tensor:
        width = tensor.dtype.itemsize
        if tensor.extent == 0:
            return torch.empty(tensor.size, dtype=tensor.dtype)
        if tensor.extent > SPREAD * _product(tensor.size):
            raise CheckpointError("a tensor is a thin slice of a larger one; save it after .contiguous()")
        data = self._archive.read(f"data/{tensor.key}", tensor.offset * width, tensor.extent * width)
        flat = torch.frombuffer(bytearray(data), dtype=tensor.dtype)
        return flat.as_strided(tensor.size, tensor.stride)


@contextmanager
def opened(file: ModelFile) -> Iterator[Content]:
    """The content of a file while the block lasts. CheckpointError says what is wrong with it."""
    with file.path.open("rb") as stream:
        archive = open_torch_zip(stream, file.path)
        if "byteorder" in archive.names and (order := archive.read("byteorder", 0, None)) != b"little":
            raise CheckpointError(f"its byte order is {shown(order.decode('latin1'), 20)}: expected little")
        yield Content(archive)


def _product(size: tuple[int, ...]) -> int:
    found = 1
    for each in size:
        found *= each
    return found
