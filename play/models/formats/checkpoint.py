"""The project's own checkpoint: a network's weights with its architecture, configuration and what it says of itself.

Nothing is written here: bytes go out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from play.games.game import Game
from play.models.architectures.registry import count_weights
from play.models.formats.format import Checkpoint, CheckpointError, reading, shown
from play.models.formats.torch_content import Content, opened
from play.models.formats.torch_zip import HEAD
from play.models.formats.weights import fill, fingerprint_of, new_network
from play.models.model_file import ModelFile
from shared.contract.evidence import ModelMetadata

NAME = "ringrift-checkpoint-v1"
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
    file = ModelFile(path=path)
    with reading(file), opened(file) as content:
        return from_content(content, game)


def is_own(data: object) -> bool:
    """Whether a file's content says that it is one of these."""
    return isinstance(data, dict) and data.get("format") == NAME


def from_content(content: Content, game: Game) -> Checkpoint:
    """The checkpoint of an open file. CheckpointError says what is wrong with it."""
    if not is_own(content.data):
        raise CheckpointError(f"it is not in the format {NAME}")
    data: dict[str, Any] = content.data  # type: ignore[assignment]  # is_own has looked
    _check_fields(data)
    wanted = (game.board_type, game.num_players)
    found = (data["board_type"], data["num_players"])
    if found != wanted:
        raise CheckpointError(
            f"it is for {shown(found[0])} with {shown(found[1])} players: expected {wanted[0]} with {wanted[1]}"
        )
    network = new_network(data["architecture"], data["parameters"], game)
    notes = fill(network, {_text(name): content.weight(value) for name, value in data["state_dict"].items()})
    fingerprint = fingerprint_of(network, data["architecture"], data["parameters"], game)
    return Checkpoint(network, _metadata(data, network, notes, fingerprint))


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


def _check_fields(data: Mapping[str, Any]) -> None:
    missing = [key for key in KEYS if key not in data]
    if missing:
        raise CheckpointError(f"it lacks {', '.join(missing)}")
    for key, kind in (
        ("architecture", str),
        ("parameters", dict),
        ("board_type", str),
        ("num_players", int),
        ("state_dict", dict),
    ):
        if not isinstance(data[key], kind) or isinstance(data[key], bool):
            raise CheckpointError(f"{key} is a {type(data[key]).__name__}, expected {kind.__name__}")


def _text(name: object) -> str:
    """A name of the state dict, or what a message calls one that is no text."""
    return name if isinstance(name, str) else f"{shown(name)}, which is no text"


def _first_not_finite(state: Mapping[str, Tensor]) -> str | None:
    return next((name for name, tensor in state.items() if not bool(torch.isfinite(tensor).all())), None)


def _metadata(data: Mapping[str, Any], network: nn.Module, notes: list[str], fingerprint: str) -> ModelMetadata:
    try:
        return ModelMetadata(
            architecture=data["architecture"],
            parameters=count_weights(network),
            version=_printable(data["version"]),
            trained_at=_time(data["trained_at"]),
            elo=data["elo"],
            format="checkpoint",
            notes=notes,
            fingerprint=fingerprint,
        )
    except (ValidationError, ValueError) as error:  # the former is one of the latter, and has a better text within
        detail = f"{error.errors()[0]['loc'][0]}" if isinstance(error, ValidationError) else str(error)
        raise CheckpointError(
            f"{detail} is not as it should be: expected version a printable text of at most 200 characters, "
            "trained_at an ISO time with its zone, elo a finite number, each of them or None"
        ) from error


def _printable(text: object) -> Any:
    """The text; ValueError for one with control characters or halves of surrogate pairs, which no database keeps."""
    if isinstance(text, str) and not text.isprintable():
        raise ValueError("version")
    return text


def _time(text: object) -> datetime | None:
    """The time of a text; ValueError for anything else."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)  # type: ignore[arg-type]  # other types raise TypeError, as wanted
    except (TypeError, ValueError) as error:
        raise ValueError("trained_at") from error


def is_zip(head: bytes) -> bool:
    """Whether a file with these first bytes may be one of torch.save's."""
    return head.startswith(HEAD)
