"""Checkpoint files: a network's weights with its architecture, configuration and what it says of itself.

Reading never runs code from the file (`weights_only=True`, without any fallback). Nothing is written here: bytes go out.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from play.games.game import Game
from play.models.architectures.registry import build_network, count_weights
from play.models.formats.format import Checkpoint, CheckpointError, CheckpointMissingError, Format
from shared.contract.evidence import ModelMetadata

NAME = "ringrift-checkpoint-v1"
MAX_BYTES = 256 * 1024 * 1024
KEYS = (
    "format",
    "architecture",
    "parameters",
    "board_type",
    "num_players",
    "version",
    "trained_at",
    "elo",
    "state_dict",
)


def load_checkpoint(path: Path, game: Game) -> Checkpoint:
    """Read a checkpoint made for this game's configuration. CheckpointError says what is wrong with the file."""
    content = _read(path)
    _check_fields(path, content)
    wanted = (game.board_type, game.num_players)
    found = (content["board_type"], content["num_players"])
    if found != wanted:
        raise CheckpointError(
            f"{path} is for {found[0]} with {found[1]} players: expected {wanted[0]} with {wanted[1]}"
        )
    try:
        network = build_network(content["architecture"], content["parameters"], game)
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error
    _load_weights(path, network, content["state_dict"])
    return Checkpoint(network.eval().requires_grad_(False), _metadata(path, content, network))


def checkpoint_bytes(
    network: nn.Module,
    game: Game,
    architecture: str,
    parameters: Mapping[str, int],
    *,
    version: str,
    trained_at: datetime,
    elo: float | None = None,
) -> bytes:
    """A checkpoint file's content; equal arguments give equal bytes. ValueError for a naive time, or for weights not finite."""
    if trained_at.tzinfo is None:
        raise ValueError(f"trained_at {trained_at} has no time zone: give an aware time")
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in network.state_dict().items()}
    broken = _first_not_finite(state)
    if broken is not None:
        raise ValueError(f"weights {broken} are not finite: nothing was written")
    values = (
        NAME,
        architecture,
        dict(parameters),
        game.board_type,
        game.num_players,
        version,
        trained_at.isoformat(),
        elo,
        state,
    )
    buffer = io.BytesIO()
    torch.save(dict(zip(KEYS, values, strict=True)), buffer)
    return buffer.getvalue()


def _read(path: Path) -> dict[str, Any]:
    """The file's dictionary, read without running anything in it."""
    try:
        _check_size(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointMissingError(f"there is no checkpoint file {path}") from error
    except CheckpointError:
        raise
    except UnpicklingError as error:
        raise CheckpointError(
            f"{path} holds more than weights and plain values, and is refused unread: {_first(error)}"
        ) from error
    except Exception as error:  # torch tells broken files by many types
        raise CheckpointError(
            f"{path} cannot be read as a checkpoint: {type(error).__name__}: {_first(error)}"
        ) from error
    if not isinstance(content, dict) or content.get("format") != NAME:
        raise CheckpointError(f"{path} is not in the format {NAME}")
    return content


def _check_size(path: Path) -> None:
    """Refuse files over the limit, packed or unpacked, and files that are not whole."""
    size = path.stat().st_size
    if size <= MAX_BYTES and not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is truncated, or not a file written by torch.save ({size} bytes)")
    if size <= MAX_BYTES:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES:
        raise CheckpointError(f"{path} holds {size} bytes: at most {MAX_BYTES} are accepted")


def _check_fields(path: Path, content: dict[str, Any]) -> None:
    missing = [key for key in KEYS if key not in content]
    if missing:
        raise CheckpointError(f"{path} lacks {', '.join(missing)}")
    for key, kind in (
        ("architecture", str),
        ("parameters", dict),
        ("board_type", str),
        ("num_players", int),
        ("state_dict", dict),
    ):
        if not isinstance(content[key], kind) or isinstance(content[key], bool):
            raise CheckpointError(f"{path}: {key} is a {type(content[key]).__name__}, expected {kind.__name__}")


def _load_weights(path: Path, network: nn.Module, state: dict[Any, Any]) -> None:
    """Fill the network; every tensor must be there with its shape and kind, finite, and nothing else."""
    wanted = network.state_dict()
    for name, tensor in wanted.items():
        given = state.get(name)
        if not isinstance(given, Tensor) or given.layout != torch.strided or given.is_quantized or given.is_meta:
            raise CheckpointError(f"{path}: the state dict has no plain tensor {name}")
        if given.shape != tensor.shape or given.is_floating_point() != tensor.is_floating_point() or given.is_complex():
            raise CheckpointError(
                f"{path}: {name} is {given.dtype} of shape {list(given.shape)}, "
                f"expected {tensor.dtype} of shape {list(tensor.shape)}"
            )
    extra = [str(name) for name in state if name not in wanted]
    if extra:
        raise CheckpointError(f"{path}: the state dict has {len(extra)} unknown entries, the first is {extra[0][:100]}")
    network.load_state_dict(state)
    broken = _first_not_finite(network.state_dict())
    if broken is not None:
        raise CheckpointError(f"{path}: weights {broken} are not finite")


def _first_not_finite(state: Mapping[str, Tensor]) -> str | None:
    return next((name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)


def _metadata(path: Path, content: dict[str, Any], network: nn.Module) -> ModelMetadata:
    try:
        return ModelMetadata(
            architecture=content["architecture"],
            parameters=count_weights(network),
            version=content["version"],
            trained_at=_time(content["trained_at"]),
            elo=content["elo"],
        )
    except (ValidationError, ValueError) as error:  # the former is one of the latter, and has a better text within
        detail = f"{error.errors()[0]['loc'][0]}" if isinstance(error, ValidationError) else str(error)
        raise CheckpointError(
            f"{path}: {detail} is not as it should be: expected version a text of at most 200 characters, "
            "trained_at an ISO time with its zone, elo a finite number, each of them or None"
        ) from error


def _time(text: object) -> datetime | None:
    """The time of a text; ValueError for anything else."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)  # type: ignore[arg-type]  # other types raise TypeError, as wanted
    except (TypeError, ValueError) as error:
        raise ValueError("trained_at") from error


def _first(error: BaseException) -> str:
    """The line of an error's text that tells what is wrong: torch surrounds its own with long advice."""
    lines = str(error).splitlines() or [""]
    told = next((line.strip() for line in lines if "WeightsUnpickler error" in line), lines[0])
    return told.split(" Please use")[0][:200]


FORMAT = Format("checkpoint", lambda head: True, load_checkpoint)
