"""What a network is built from: what a foreign file says of itself, and what was announced of it. They must not contradict."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from play.games.game import Game
from play.models.architectures import registry
from play.models.formats.format import CheckpointError, shown
from play.models.model_file import ModelFile
from shared.contract.words import BOARD_PATTERN


class Told(NamedTuple):
    """The network that a file holds the weights of."""

    architecture: str
    parameters: Mapping[str, int]


@dataclass(frozen=True)
class Said:
    """What a file says of itself, as far as it is understood; None where it is silent."""

    architecture: str | None = None
    parameters: Mapping[str, int] | None = None
    board_type: str | None = None
    num_players: int | None = None
    version: str | None = None

    @classmethod
    def of(cls, data: Mapping[object, object]) -> Said:
        """From a dictionary of plain values, or of texts. Values of other kinds mean something else, and are not heard."""
        architecture, board = data.get("architecture"), data.get("board_type")
        version = data.get("version")
        return cls(
            architecture=architecture
            if isinstance(architecture, str) and architecture in registry.ARCHITECTURES
            else None,
            parameters=_parameters(data.get("parameters")),
            board_type=board if isinstance(board, str) and re.fullmatch(BOARD_PATTERN, board) else None,
            num_players=_players(data.get("num_players")),
            version=version if isinstance(version, str) and len(version) <= 200 and version.isprintable() else None,
        )


def agreed(said: Said, file: ModelFile, game: Game, found: str) -> Told:
    """What both say together. CheckpointError when they contradict, or when something is not said at all; `found`: what it is."""
    require_same("board_type", said.board_type, game.board_type)
    require_same("num_players", said.num_players, game.num_players)
    require_same("architecture", said.architecture, file.architecture)
    require_same("parameters", said.parameters, file.parameters)
    architecture, parameters = file.architecture or said.architecture, file.parameters or said.parameters
    lacking = [name for name, value in (("architecture", architecture), ("parameters", parameters)) if not value]
    if architecture is None or parameters is None or lacking:
        raise CheckpointError(
            f"it is {found}, and does not say its {' and '.join(lacking)}: announce it with them, as `ringrift announce "
            "--architecture resnet --parameter blocks=4 --parameter channels=32` does; known are "
            f"{', '.join(registry.ARCHITECTURES)}"
        )
    return Told(architecture, parameters)


def require_same(name: str, said: object, announced: object) -> None:
    """CheckpointError where a file says something else of itself than was announced."""
    if said is not None and announced is not None and said != announced:
        one, two = (dict(each) if isinstance(each, Mapping) else each for each in (said, announced))
        raise CheckpointError(f"it says that its {name} is {shown(str(one))}, and {shown(str(two))} was announced")


def _parameters(given: object) -> Mapping[str, int] | None:
    """Numbers by name; out of text they are JSON."""
    if isinstance(given, str) and len(given) < 10_000:
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return None
    if not isinstance(given, dict) or not given:
        return None
    proper = all(isinstance(name, str) and type(value) is int and abs(value) < 2**31 for name, value in given.items())
    return dict(given) if proper else None


def _players(given: object) -> int | None:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 5:
        return int(given)
    return given if type(given) is int and abs(given) < 2**31 else None
