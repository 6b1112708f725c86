"""The ends of networks, for architectures to use."""

from __future__ import annotations

import torch
from torch import Tensor


def share(value: Tensor) -> Tensor:
    """A sigmoid that is the same for a position in any batch: in float32 the last elements of a batch are rounded otherwise."""
    return torch.sigmoid(value.double()).to(value.dtype)
