"""TorchScript archives of torch.jit.save: programs with their weights. They say themselves what they compute.

Reading one may run code of its own, so it is read only in a process that is confined in every way (programs.py). What it is for has
to be said: in its extra file `ringrift.json`, or by announcing the architecture `torchscript`.
"""

from __future__ import annotations

import json
from typing import Any

import torch
from torch import Tensor, nn
from torch.jit._fuser import optimized_execution

from play.games.game import Game
from play.models.architectures.registry import MAX_WEIGHTS, count_weights
from play.models.formats.announced import Said, require_same
from play.models.formats.checkpoint import is_zip
from play.models.formats.format import Checkpoint, CheckpointError, Format, shown
from play.models.formats.kinds import SAVE
from play.models.formats.programs import require_allowed
from play.models.formats.torch_zip import is_program, open_torch_zip
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

NAME = "torchscript"
ABOUT = "ringrift.json"
MOST_ABOUT = 10_000
WHAT = "it is a TorchScript archive, a program of its own"


class ScriptNetwork(nn.Module):
    """A program as a network. It is run as it is written: what an optimizer makes of it may change from call to call."""

    def __init__(self, program: Any) -> None:
        super().__init__()
        self.program = program

    def forward(self, observation: Tensor) -> tuple[Tensor, Tensor]:
        """Policy logits and value of every position of the batch. TypeError for an answer that is no pair of tensors."""
        with optimized_execution(False):
            answer = self.program(observation)
        if not (isinstance(answer, tuple) and len(answer) == 2 and all(isinstance(each, Tensor) for each in answer)):
            raise TypeError("the program answers no pair of tensors, the logits and the value")
        return answer


def load(file: ModelFile, game: Game) -> Checkpoint:
    """Read a TorchScript archive. CheckpointError says what was found and what to do."""
    said = _said(file)
    require_same("board_type", said.board_type, game.board_type)
    require_same("num_players", said.num_players, game.num_players)
    if file.architecture not in (None, NAME):
        raise CheckpointError(
            f"{WHAT}, and {shown(file.architecture)} was announced: announce it with --architecture {NAME}, or save the weights "
            f"alone: {SAVE}"
        )
    if file.architecture is None and None in (said.board_type, said.num_players):
        raise CheckpointError(
            f"{WHAT}, and does not say what it is for: save it with _extra_files={{'{ABOUT}': ...}}, a JSON object with "
            f"board_type and num_players, or announce it with --architecture {NAME}"
        )
    require_allowed(WHAT, f"or save the weights alone: {SAVE}")
    network = ScriptNetwork(torch.jit.load(str(file.path), map_location="cpu")).eval().requires_grad_(False)  # type: ignore[no-untyped-call]
    _check_numbers(network)
    weights = count_weights(network)
    return Checkpoint(
        network, ModelMetadata(architecture=NAME, parameters=weights, version=said.version, format="TorchScript")
    )  # fmt: skip


def _said(file: ModelFile) -> Said:
    """What its extra file says, once the archive is known to be whole."""
    with file.path.open("rb") as stream:
        archive = open_torch_zip(stream, file.path, program=True)
        if f"extra/{ABOUT}" not in archive.names:
            return Said()
        if (size := archive.record(f"extra/{ABOUT}").size) > MOST_ABOUT:
            raise CheckpointError(f"its extra file {ABOUT} has {size} bytes: at most {MOST_ABOUT} are accepted")
        data = archive.read(f"extra/{ABOUT}")
    try:
        about = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"its extra file {ABOUT} is no JSON: {shown(str(error))}") from error
    return Said.of(about if isinstance(about, dict) else {})


def _check_numbers(network: nn.Module) -> None:
    """CheckpointError for too many numbers, and for some that are not finite."""
    weights = 0
    for name, each in (*network.named_parameters(), *network.named_buffers()):
        weights += each.numel()
        if weights > MAX_WEIGHTS:
            raise CheckpointError(
                f"it is a TorchScript archive with more than {MAX_WEIGHTS} weights, which is the most"
            )
        if each.is_floating_point() and not bool(torch.isfinite(each).all()):
            raise CheckpointError(f"weights {shown(name.removeprefix('program.'))} are not finite")


FORMAT = Format("torchscript", is_zip, load, within=is_program)
