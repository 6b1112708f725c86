"""OpenSpiel's games behind the seam: those in which seats take turns, everybody sees everything, and nothing is left to chance.

    get_game("openspiel:hex(board_size=8)", 2)

Needs the extra `openspiel`; imports it only when such a game is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from play.games.drawing import WIDTH, Line, Piece
from play.games.family import Family
from play.games.game import Float32s, Game, Int16s
from play.games.positions import PositionGame, Positions

RULES_VERSION = "openspiel"
MOST_ACTIONS, MOST_SEEN, MOST_DECISIONS = 100_000, 1_000_000, 100_000
"""How large a game may be: its actions, the numbers of an observation, the decisions of a game."""


class SpielPosition:
    """A state of OpenSpiel as a `Position`."""

    def __init__(self, state: Any, shape: tuple[int, int, int]) -> None:
        self.state = state
        self._shape = shape

    def mover(self) -> int:
        """The seat to decide; -1 once the game is over."""
        return -1 if self.state.is_terminal() else int(self.state.current_player())

    def legal(self) -> Sequence[int]:
        """The legal actions, by OpenSpiel's numbers."""
        return list(self.state.legal_actions())

    def play(self, action: int) -> None:
        """Make a legal move."""
        self.state.apply_action(action)

    def returns(self) -> Sequence[float]:
        """OpenSpiel's returns."""
        return list(self.state.returns())

    def observe(self) -> Float32s:
        """The mover's observation, and a last plane that says which seat it has."""
        seat, (planes, height, width) = self.state.current_player(), self._shape
        seen = np.asarray(self.state.observation_tensor(seat), np.float32).reshape(planes - 1, height, width)
        return np.concatenate([seen, np.full((1, height, width), seat, np.float32)])

    def describe(self, action: int) -> str:
        """OpenSpiel's name of a legal action."""
        return str(self.state.action_to_string(self.state.current_player(), action))

    def copy(self) -> SpielPosition:
        """A clone."""
        return SpielPosition(self.state.clone(), self._shape)


class SpielGame(PositionGame):
    """A game of OpenSpiel, which is drawn as OpenSpiel prints it."""

    def draw(self, states: Positions, index: int, row: Int16s | None = None) -> list[Line]:
        """As `Drawn.draw`; nothing is marked."""
        position = states.games[index]
        assert isinstance(position, SpielPosition)
        return [[Piece(line[:WIDTH])] for line in str(position.state).splitlines()]


def make(board_type: str, name: str, num_players: int) -> Game:
    """A game by OpenSpiel's own name for it. ValueError for one that there is not, or that does not fit the seam."""
    game = _load(name)
    _require_kind(game, board_type, num_players)
    _require_size(game, board_type)
    height, width = _area(game.observation_tensor_shape())
    shape = (game.observation_tensor_size() // (height * width) + 1, height, width)
    return SpielGame(
        board_type,
        num_players,
        lambda: SpielPosition(game.new_initial_state(), shape),
        rules_version=f"{RULES_VERSION} {_version()}",
        actions=game.num_distinct_actions(),
        observation_shape=shape,
        max_decisions=game.max_game_length(),
    )


def _load(name: str) -> Any:
    try:
        import pyspiel
    except ImportError:
        raise ValueError("OpenSpiel is not installed: pip install 'ringrift-suite[openspiel]'") from None
    try:
        return pyspiel.load_game(name)
    except pyspiel.SpielError as error:
        raise ValueError(f"OpenSpiel has no game {name!r}: {str(error).splitlines()[0][:200]}") from None


def _require_kind(game: Any, board_type: str, num_players: int) -> None:
    """ValueError unless the seats take turns, see everything, and decide everything."""
    from pyspiel import GameType

    kind = game.get_type()
    wanted = (
        (kind.dynamics == GameType.Dynamics.SEQUENTIAL, "its seats move at the same time"),
        (kind.information == GameType.Information.PERFECT_INFORMATION, "something in it is hidden"),
        (kind.chance_mode == GameType.ChanceMode.DETERMINISTIC, "it leaves something to chance"),
        (kind.provides_observation_tensor, "it has no observation for networks"),
        (game.num_players() == num_players, f"it has {game.num_players()} seats"),
    )
    wrong = [reason for right, reason in wanted if not right]
    if wrong:
        raise ValueError(f"{board_type} cannot be played with {num_players} seats: {'; '.join(wrong)}")


def _require_size(game: Any, board_type: str) -> None:
    """ValueError for a game that is empty, or too large to be played."""
    from pyspiel import SpielError

    try:
        sizes = (game.num_distinct_actions(), game.observation_tensor_size(), game.max_game_length())
        smallest = min(*sizes, *game.observation_tensor_shape())
        large = any(size > most for size, most in zip(sizes, (MOST_ACTIONS, MOST_SEEN, MOST_DECISIONS), strict=True))
        if smallest < 1 or large:
            raise ValueError(
                f"{board_type} has {sizes[0]} actions, {sizes[1]} observed numbers and {sizes[2]} decisions: "
                f"from 1 to {MOST_ACTIONS}, {MOST_SEEN} and {MOST_DECISIONS} are played"
            )
        game.new_initial_state()
    except SpielError as error:
        raise ValueError(f"{board_type} cannot be played: {str(error).splitlines()[0][:200]}") from None


def _area(shape: Sequence[int]) -> tuple[int, int]:
    """Height and width of an observation: its last two axes, where it has planes of them."""
    return (shape[-2], shape[-1]) if len(shape) > 2 else (1, 1)


def _version() -> str:
    from importlib.metadata import version

    return version("open_spiel")


FAMILY = Family("openspiel", make)
