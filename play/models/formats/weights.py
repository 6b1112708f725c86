"""Fills a network with the tensors of a file: each must be there with its shape and kind, finite, and nothing else.

Numbers are read tensor by tensor, and only those that fit, so that memory is bounded by the network, not by the file.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from play.games.game import Game
from play.models.architectures.registry import build_network
from play.models.formats.format import CheckpointError, shown
from play.models.formats.plain_pickle import Odd

NUMBERS = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class Weight(NamedTuple):
    """A tensor in a file. `read` gives its numbers as they are stored."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    read: Callable[[], Tensor]


def new_network(architecture: str, parameters: Mapping[str, int], game: Game) -> nn.Module:
    """A network to be filled. CheckpointError says which parameter cannot be."""
    try:
        return build_network(architecture, parameters, game)
    except ValueError as error:
        raise CheckpointError(shown(str(error), 400)) from error


def fill(network: nn.Module, given: Mapping[str, object]) -> list[str]:
    """Load the tensors into the network, in eval mode and without gradients from then on; returns what was converted, in words."""
    wanted = network.state_dict()
    found = {name: _fitting(name, given.get(name), tensor) for name, tensor in wanted.items()}
    extra = [name for name in given if name not in wanted]
    if extra:
        raise CheckpointError(f"the state dict has {len(extra)} unknown entries, the first is {shown(extra[0])}")
    for name, weight in found.items():
        wanted[name].copy_(weight.read())  # the network's own memory
        if not bool(torch.isfinite(wanted[name]).all()):
            raise CheckpointError(f"weights {name} are not finite")
    network.eval().requires_grad_(False)
    return _conversions(found, wanted)


def fingerprint_of(network: nn.Module, architecture: str, parameters: Mapping[str, int], game: Game) -> str:
    """SHA-256 of what the network computes by: the game, the architecture with its parameters, and every tensor by name, kind,
    shape and bytes. Two files with one fingerprint play the same games, whatever else they hold."""
    about = [game.board_type, game.num_players, architecture, dict(parameters)]
    sha256 = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(network.state_dict().items()):
        sha256.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        sha256.update(tensor.contiguous().flatten().view(torch.uint8).numpy())
    return sha256.hexdigest()


def _fitting(name: str, given: object, wanted: Tensor) -> Weight:
    if not isinstance(given, Weight):
        instead = "" if given is None else f": it is {given.what if isinstance(given, Odd) else shown(given)}"
        raise CheckpointError(f"the state dict has no plain tensor {name}{instead}")
    kinds_differ = given.dtype.is_floating_point != wanted.dtype.is_floating_point or given.dtype.is_complex
    unknown = given.dtype.is_floating_point and given.dtype not in NUMBERS
    if given.shape != tuple(wanted.shape) or kinds_differ or unknown:
        raise CheckpointError(
            f"{name} is {given.dtype} of shape {shown(str(list(given.shape)))}, "
            f"expected {wanted.dtype} of shape {list(wanted.shape)}"
        )
    return given


def _conversions(found: Mapping[str, Weight], wanted: Mapping[str, Tensor]) -> list[str]:
    pairs = Counter(
        (weight.dtype, wanted[name].dtype) for name, weight in found.items() if weight.dtype != wanted[name].dtype
    )
    return [f"{count} tensors were converted from {_name(one)} to {_name(two)}" for (one, two), count in pairs.items()]


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
